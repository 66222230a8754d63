"""Writes the bill of materials of a released program, in CycloneDX's form (https://cyclonedx.org/docs/1.6/json/).

It has neither a time nor a serial number, so that equal sources have equal bills.
"""

import json
import sys

from crates import crates_of

LICENCE = [{"expression": "MIT OR Apache-2.0"}]


def component(crate):
    described = {
        "type": "library",
        "bom-ref": crate.reference,
        "name": crate.name,
        "version": crate.version,
        "licenses": [{"expression": crate.licence}],
    }
    if not crate.is_ours:
        described |= {"purl": crate.reference, "hashes": [{"alg": "SHA-256", "content": crate.checksum}]}
    return described


def bill(part):
    crates = crates_of(part)
    program = next(crate for crate in crates.values() if crate.name == "local")
    uses = [{"ref": reference, "dependsOn": sorted(crate.uses)} for reference, crate in sorted(crates.items())]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "tidegate",
                "name": "tidegate",
                "version": program.version,
                "licenses": LICENCE,
            }
        },
        "components": [component(crate) for _, crate in sorted(crates.items())],
        "dependencies": [{"ref": "tidegate", "dependsOn": [program.reference]}, *uses],
    }


print(json.dumps(bill(sys.argv[1]), indent=1))
