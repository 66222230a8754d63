"""Promise 58: what each function may do, as the specification's table says it, against the policies of its role.

R reads (GetItem, Query), C creates (PutItem), U updates, D deletes, K checks a condition; in T(…) only inside
TransactWriteItems. `Users/department` is an index.
"""

TABLE = {
    "Auth": {"Users": "R T(C,U)", "LoginGuard": "R U", "Settings": "R", "Audit": "C", "SigningKey": "read"},
    "Keys": {
        "ApiKeys": "R T(C,U,D)", "Users": "R T(K)", "Catalog": "R", "Policies": "R", "Settings": "R", "Usage": "R", "Quota": "R",
        "Audit": "C", "SigningKey": "read",
    },
    "Admin": {
        "Users": "R T(C,U,D,K)", "Users/department": "R", "ApiKeys": "R T(U,D)", "Catalog": "R T(C,U,D,K)", "Policies": "R T(C,U,D,K)",
        "Settings": "R T(C,U,D,K)", "Usage": "R", "Usage/everybody": "R", "Usage/department": "R", "Quota": "T(D)", "Audit": "R T(C)",
        "SigningKey": "read", "backend/*": "create put delete", "Health": "invoke",
    },
    "Proxy": {
        "ApiKeys": "R U", "Users": "R", "Catalog": "R U", "Policies": "R", "Settings": "R", "Quota": "R U T(U)", "Usage": "T(C,U)",
        "backend/*": "read",
    },
    "Health": {"Catalog": "R U", "Settings": "R", "backend/*": "read"},
    "Janitor": {"Quota": "R U T(U,D)", "Quota/due": "R", "Usage": "T(C,U)"},
}

LETTERS = {"C": "dynamodb:PutItem", "U": "dynamodb:UpdateItem", "D": "dynamodb:DeleteItem", "K": "dynamodb:ConditionCheckItem"}
WORDS = {
    "R": ["dynamodb:GetItem", "dynamodb:Query"],
    "read": ["secretsmanager:GetSecretValue"],
    "create": ["secretsmanager:CreateSecret"],
    "put": ["secretsmanager:PutSecretValue"],
    "delete": ["secretsmanager:DeleteSecret"],
    "invoke": ["lambda:InvokeFunction"],
} | {letter: [action] for letter, action in LETTERS.items()}

TRANSACTION = {"StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}}


def wanted(function):
    """The rights of the table's row: action, resource, and whether in transactions only."""
    rights = {("logs:CreateLogStream", f"<{function}Log.Arn>", False), ("logs:PutLogEvents", f"<{function}Log.Arn>", False)}
    for name, cell in TABLE[function].items():
        for word in cell.split(" "):
            actions, only = WORDS.get(word), False
            if word.startswith("T("):
                actions, only = [LETTERS[letter] for letter in word[2:-1].split(",")], True
            rights |= {(action, resource(name), only) for action in actions}
    return rights


def resource(name):
    """How the resolved template writes it."""
    if name == "SigningKey":
        return "<SigningKey>"
    if name == "backend/*":
        return "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tidegate/backend/*"
    table, _, index = name.partition("/")
    return f"<{table}.Arn>/index/{index}" if index else f"<{table}.Arn>"


def granted(resources, function):
    """The rights that the function's role has."""
    role = resources[resources[function]["Properties"]["Role"].strip("<>").removesuffix(".Arn")]["Properties"]
    assert not role.get("ManagedPolicyArns"), f"{function} has rights that are not in the template"
    rights = set()
    for statement in (each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]):
        condition = statement.get("Condition")
        assert statement["Effect"] == "Allow" and condition in (None, TRANSACTION), f"{function}: {statement}"
        rights |= {(action, each, condition is not None) for action in statement["Action"] for each in statement["Resource"]}
    return rights


def allows(rights, action, resource, in_transaction):
    """Whether a call is one of the rights."""
    return (action, resource, False) in rights or (in_transaction and (action, resource, True) in rights)
