"""Writes the licences of all crates in a part of a release, which ask to be handed on with it: each text once, under the
names of the crates that have it."""

import sys

from crates import crates_of, folders

NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE")


def texts(folder):
    files = (file for file in sorted(folder.iterdir()) if file.name.upper().startswith(NAMES) and file.is_file())
    return [file.read_text(errors="replace").strip() for file in files]


def main(part):
    folder_of, having = folders(), {}
    print("tidegate contains these crates, each under the licence beside its name.\n")
    for _, crate in sorted(crates_of(part).items()):
        if crate.is_ours:
            continue
        print(f"{crate.name} {crate.version}: {crate.licence}")
        for text in texts(folder_of[crate.name, crate.version]):
            having.setdefault(text, []).append(crate.name)
    for text, names in having.items():
        print(f"\n{'-' * 80}\n{', '.join(dict.fromkeys(names))}\n\n{text}")


main(sys.argv[1])
