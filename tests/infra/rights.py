"""Promise 58: what each function may do, as decision 23 has it, against the policies of its role.

R reads (GetItem, Query), G, Q and B in one way (GetItem, Query, BatchGetItem), C creates (PutItem), U updates, D deletes, K checks
a condition; in T(…) only inside TransactWriteItems. `Users/department` is an index, `Settings/sso#*`, `ApiKeys/digest#*`, `Catalog/workloads` and `Quota/alert#*` the
items whose keys begin so, `Policies/count` an attribute, `Users/account` all attributes but the hash of the password, `Users/owner`
those that say whether an account may be used, `Responses/keys` no attribute but the keys.
"""

from template import listed

TABLE = {
    "Auth": {
        "Users": "R T(C,U,K)", "LoginGuard": "R U", "Settings": "R", "Settings/sso#*": "C D", "Policies/count": "T(U)", "Audit": "C",
        "SignIns": "R C U D", "ApiKeys/digest#*": "G C D", "Catalog/workloads": "R K",
        "SigningKey": "read", "sso/*": "read",
    },
    "Keys": {
        "ApiKeys": "R T(C,U,D)", "Users/account": "R", "Users/owner": "T(K)", "Catalog": "R", "Policies": "R",
        "Settings": "R", "Usage": "R", "Quota": "R", "Audit": "C", "SigningKey": "read", "SignIns": "R T(D)",
    },
    "Admin": {
        "Users/account": "R", "Users/department/account": "R", "Users": "T(C,U,D,K)", "ApiKeys": "R T(C,U,D)",
        "Catalog": "R T(C,U,D,K)", "Policies": "R T(C,U,D,K)", "Settings": "R T(C,U,D,K)", "Usage": "R",
        "Usage/everybody": "R", "Usage/department": "R", "Quota": "R T(U)", "Quota/due": "R", "Quota/holder": "R", "Audit": "R T(C)",
        "SigningKey": "read",
        "backend/*": "create put delete", "sso/*": "create put delete",
        "alerts/*": "create put delete", "Responses/keys": "Q", "Responses": "T(D)", "SignIns": "R T(D)",
        "Auth": "invoke", "Health": "invoke",
    },
    "Console": {},
    "Proxy": {
        "ApiKeys": "R U", "Users/account": "R", "Catalog": "R U", "Policies": "R", "Settings": "R",
        "Quota": "R U T(U)", "Quota/holder": "R", "Usage": "Q T(C,U)", "Responses": "B C D", "SealingKeys": "read",
        "backend/*": "read",
    },
    "Health": {"Catalog": "R U", "Settings": "R", "backend/*": "read"},
    "Janitor": {"Quota": "R U T(U)", "Quota/due": "R", "Usage": "T(C,U)"},
    "Notify": {"Quota/alert#*": "R U", "Quota/due": "R", "Policies": "R", "Settings": "R", "alerts/*": "read"},
}

# What the roles have besides with the parameters of the template that give them more.
WITH_PARAMETERS = {"Proxy": {"BedrockModels": "models", "BedrockTokens": "keys", "BedrockRoles": "assume", "FederatedAudiences": "show"}}

LETTERS = {"C": "dynamodb:PutItem", "U": "dynamodb:UpdateItem", "D": "dynamodb:DeleteItem", "K": "dynamodb:ConditionCheckItem"}
WORDS = {
    "R": ["dynamodb:GetItem", "dynamodb:Query"],
    "G": ["dynamodb:GetItem"],
    "Q": ["dynamodb:Query"],
    "B": ["dynamodb:BatchGetItem"],
    "read": ["secretsmanager:GetSecretValue"],
    "create": ["secretsmanager:CreateSecret"],
    "put": ["secretsmanager:PutSecretValue"],
    "delete": ["secretsmanager:DeleteSecret"],
    "invoke": ["lambda:InvokeFunction"],
    "assume": ["sts:AssumeRole"],
    "keys": ["bedrock:CallWithBearerToken", "bedrock-mantle:CallWithBearerToken"],
    "show": ["sts:GetWebIdentityToken"],
    "models": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock-mantle:CreateInference"],
} | {letter: [action] for letter, action in LETTERS.items()}

# What is read of an account where its password is not (`store/table.rs`), with the keys of the table and its index.
ACCOUNT = [
    "pk", "sk", "id", "kind", "email", "name", "role", "status", "department", "quota_policy", "has_password", "identity",
    "session", "sign_in_epoch", "created_at", "updated_at", "version", "user",
]
OWNER = ["pk", "sk", "status", "session"]

SELECTED = {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}


def attributes(names):
    """The condition that no attribute is touched but these."""
    return {"ForAllValues:StringEquals": {"dynamodb:Attributes": names}}


# Conditions that leave one part of a table.
PARTS = {
    "sso#*": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["sso#*"]}},
    "digest#*": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["digest#*"]}},
    "workloads": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["workloads"]}},
    "alert#*": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["alert#*"]}},
    "account": {**attributes(ACCOUNT), "StringEqualsIfExists": SELECTED},
    "owner": attributes(OWNER),
    "count": attributes(["pk", "sk", "count"]),
    "keys": {**attributes(["pk", "sk"]), "StringEquals": SELECTED},
}
# A token that shows the role to other clouds, for these audiences.
def token_for(audiences):
    return {
        "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": audiences},
        "Null": {"sts:IdentityTokenAudience": "false"},
        "NumericLessThanEquals": {"sts:DurationSeconds": "300"},
        "StringEquals": {"sts:SigningAlgorithm": "RS256"},
    }


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


def wanted_with(function, parameters):
    """The same, and what `parameters` add: lists of ARNs by the parameters' names."""
    rights = wanted(function)
    for name, word in WITH_PARAMETERS.get(function, {}).items():
        for each in parameters.get(name, []):
            where = {"show": f"*/for {each}", "keys": "*"}.get(word, each)
            rights |= {(action, where, False) for action in WORDS[word]}
    return rights


def resource(name):
    """How the resolved template writes it."""
    if name in ("SigningKey", "SealingKeys"):
        return f"<{name}>"
    if name in ("backend/*", "sso/*", "alerts/*"):
        return f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:tidegate/{name}"
    table, _, index = name.partition("/")
    if index in PARTS:
        return f"<{table}.Arn>/{index}"
    return f"<{table}.Arn>/index/{index}" if index else f"<{table}.Arn>"


def granted(resources, function):
    """The rights that the function's role has."""
    role = resources[resources[function]["Properties"]["Role"].strip("<>").removesuffix(".Arn")]["Properties"]
    assert not role.get("ManagedPolicyArns"), f"{function} has rights that are not in the template"
    rights = set()
    for statement in (each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]):
        assert statement["Effect"] == "Allow", f"{function}: {statement}"
        condition = statement.get("Condition", {})
        audiences = listed(condition.get("ForAllValues:StringEquals", {}).get("sts:IdentityTokenAudience", []))
        if audiences:
            whole = {**condition, "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": audiences}}
            assert whole == token_for(audiences) and statement["Resource"] == ["*"], statement
            rights |= {(action, f"*/for {each}", False) for action in statement["Action"] for each in audiences}
            continue
        part, only = scope(condition)
        rights |= {(action, each + part, only) for action in statement["Action"] for each in listed(statement["Resource"])}
    return rights


def scope(condition):
    """The part of a table that a condition leaves, and whether in transactions only."""
    only = TRANSACTION.items() <= condition.items()
    rest = {operator: keys for operator, keys in condition.items() if not (only and operator in TRANSACTION)}
    parts = [f"/{part}" for part, rule in PARTS.items() if rule == rest]
    assert parts or not rest, condition
    return "".join(parts), only


def allows(rights, action, resource, in_transaction):
    """Whether a call is one of the rights: of the part of a table that it is for, or of the whole."""
    whole, _, part = resource.rpartition("/")
    fitting = {resource, whole} if part in PARTS else {resource}
    return any((action, each, only) in rights for each in fitting for only in {False, in_transaction})
