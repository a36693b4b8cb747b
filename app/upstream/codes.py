"""What every error code of the upstream means: one table for both planes. Pure.

::

    CLIENT     the client's mistake: nothing was done, and the client is told in the upstream's words
    RATE       the account calls too often: nothing was done, and it passes by itself
    ACCOUNT    the account or its configuration refuses the call: nothing was done, and a person has to act
    UNSERVED   the account does not offer this model or action; another one may
    QUOTA      three meanings share the code, which the message tells apart
    UNCLEAR    a quota whose message does not tell which one it is
    UPSTREAM   the upstream's own failure: it may have been done

A code is looked up as it is, then without its last part: ``InvalidParameter.content`` is found as ``InvalidParameter``.
The status decides only where the code does not, because the upstream reports one code with several statuses.

Source: docs 82379/1299023 (Ark error codes), docs.byteplus.com common error codes (OpenAPI gateway).
"""

import re
from collections.abc import Mapping
from enum import Enum

INTERNAL = "InternalServiceError"
"""The code under which a tenant is shown what only the operator can mend."""

NEUTRAL = "The service could not complete the request."
"""What a tenant is told about it."""


class Meaning(Enum):
    """What a code means; see above."""

    CLIENT = "client"
    RATE = "rate"
    ACCOUNT = "account"
    UNSERVED = "unserved"
    QUOTA = "quota"
    UNCLEAR = "unclear"
    UPSTREAM = "upstream"


_GROUPS: Mapping[Meaning, tuple[str, ...]] = {
    Meaning.CLIENT: (
        "MissingParameter",
        "InvalidParameter",
        "InvalidImageURL",
        "Duplicate.Tags.Key",
        "OutofContextError",
        "NotFound",
        "InvalidAction",
        "SensitiveContentDetected",
        "InputTextSensitiveContentDetected",
        "InputImageSensitiveContentDetected",
        "InputVideoSensitiveContentDetected",
        "InputAudioSensitiveContentDetected",
        "OutputTextSensitiveContentDetected",
        "OutputImageSensitiveContentDetected",
        "OutputVideoSensitiveContentDetected",
        "OutputAudioSensitiveContentDetected",
        "InputTextRiskDetection",
        "InputImageRiskDetection",
        "OutputTextRiskDetection",
        "OutputImageRiskDetection",
        "ContentSecurityDetectionError",
        # How an asset ends ``Failed``.
        "DownloadFailed",
        "TypeMismatch",
        "FormatUnsupported",
        "FormatUndetectable",
        "DurationTooShort",
        "DurationTooLong",
        "WidthTooSmall",
        "WidthTooLarge",
        "HeightTooSmall",
        "HeightTooLarge",
        "AspectRatioTooSmall",
        "AspectRatioTooLarge",
        "FileSizeTooLarge",
        "PixelCountTooSmall",
        "PixelCountTooLarge",
        "FpsTooLow",
        "FpsTooHigh",
        "AudioTrackRequired",
        "AudioTrackForbidden",
        "ContentRestricted",
        "FaceMismatch",
        "TranscodingFailed",
    ),
    Meaning.RATE: (
        "RateLimitExceeded",
        "ModelAccountRpmRateLimitExceeded",
        "ModelAccountTpmRateLimitExceeded",
        "ModelAccountIpmRateLimitExceeded",
        "APIAccountRpmRateLimitExceeded",
        "AccountRateLimitExceeded",
        "RequestBurstTooFast",
        "InflightBatchsizeExceeded",
        "FlowLimitExceeded",
        "AccountFlowLimitExceeded",
        "RequestThrottled",
        "RequestLimitExceeded",
        "QuotaWriteQPMExceeded",
        "QuotaWriteQPSExceeded",
    ),
    Meaning.ACCOUNT: (
        "AuthenticationError",
        "InvalidAccountStatus",
        "AccountOverdueError",
        "AccessDenied",
        "OperationDenied",
        "ModelNotOpen",
        "InvalidEndpoint",
        "InvalidEndpointOrModel.ModelIDAccessDisabled",
        "InvalidSubscription",
        "SubscriptionRequired",
        "SetLimitExceeded",
        # The operator lists the projects of a channel, so one that the upstream does not know is no client's mistake.
        "NotFound.ProjectName",
        # The signature, which is ours, and the address, which the operator gave.
        "InvalidAccessKey",
        "InvalidAuthorization",
        "InvalidCredential",
        "InvalidSecretToken",
        "InvalidTimestamp",
        "LackPolicy",
        "MissingAuthenticationToken",
        "MissingRequestInfo",
        "MissingSignature",
        "SignatureDoesNotMatch",
        "ServiceNotFound",
        "MethodNotAllowed",
    ),
    # A model or an action that the gateway does not know never gets here.
    Meaning.UNSERVED: ("InvalidEndpointOrModel", "UnsupportedModel", "InvalidActionOrVersion"),
    Meaning.QUOTA: ("QuotaExceeded",),
    Meaning.UPSTREAM: (
        "InternalServiceError",
        "InternalError",
        "InternalServiceTimeout",
        "FailToConnect",
        "ModelLoadingError",
        "ServerOverloaded",
        "ServiceUnavailable",
        "ServiceUnavailableTemp",
    ),
}
TABLE: Mapping[str, Meaning] = {code: meaning for meaning, codes in _GROUPS.items() for code in codes}
"""Every code and what it means."""

_RATE_FAMILIES = re.compile(r"\w*(RateLimit|FlowLimit)Exceeded|Quota(Read|Write)?QP[SMH]Exceeded")
# Words of the three quotas. A sentence that has words of both is as unclear as one that has none.
_QUEUE = re.compile(r"\bqueu|\bpending\b|\bconcurren|\bin progress\b|\bunfinished\b|排队|队列|并发", re.IGNORECASE)
_PLAN = re.compile(
    r"\bfree\b|\btrial\b|\bplans?\b|\bpackages?\b|\bsubscri|\bbilling\b|\bexhausted\b|\bused up\b"
    r"|\b(daily|weekly|monthly)\b|\bassets?\b|\bgroups?\b|\bstorage\b|免费|试用|套餐|资源包|额度|耗尽|用完|用尽|素材",
    re.IGNORECASE,
)
# Advice that only a person can follow; the upstream gives it about a full queue too.
_ADVICE = re.compile(
    r"\bconsole\b|\bupgrade|\bpurchase|\brecharge|\btop up\b|\bactivate|控制台|购买|充值|升级|开通", re.IGNORECASE
)
# What a tenant may have sent itself: an address, and what the upstream quotes of a request. Addresses of consoles stay.
_ADDRESS = re.compile(r"https?://(?!(?:[a-z0-9-]+\.)*(?:volcengine|byteplus)\.com\b)[^\s'\"`<>，。）]+", re.IGNORECASE)
_PARAMETER = re.compile(r"`[^`]{0,300}`")
_QUOTED = re.compile(r"\"[^\"]{0,300}\"|“[^”]{0,300}”|(?<!\w)'.{0,300}?'(?!\w)", re.DOTALL)
# Account numbers have ten digits and begin with 20 or 21, so that the bounds of a seed are no such number.
_IDS = re.compile(
    r"(?<![0-9])(?!214748364)2[01][0-9]{8}(?![0-9])|(?<![a-z0-9])ep-(?:[a-z]+-)?[0-9]{8,}|(?<![a-z0-9])AK(?:LT|TP)\w{4,}"
    r"|(?<![a-z0-9.-])(?!www\.|docs\.)(?:[a-z0-9-]+\.)+(?:volcengine|byteplus)\.com",
    re.IGNORECASE,
)
_KEYS = r"iam[ _-]?(?:users?|roles?)?|(?:api|access|secret)[ _-]?(?:access[ _-]?)?keys?(?:[ _-]?ids?)?|ak/sk"
_WORDS = re.compile(
    r"(?<![a-z])(?:(?:accounts?|projects?|users?(?=[ _-]?id))[ _-]?(?:ids?|names?|numbers?)?|consoles?|uid"
    rf"|{_KEYS})(?![a-z])|账号|账户|帐号|帐户|控制台|项目|余额|欠费",
    re.IGNORECASE,
)
# A client may write of a console or a project; these say whose it is.
_WHOSE = re.compile(
    r"(?<![a-z])(?:(?:your|this|current|main)[ _-](?:\w+ )?(?:account|project)"
    r"|account[ _-]?(?:ids?|names?|numbers?)?\W{0,3}[0-9]{3}"
    rf"|(?:account|project|user)[ _-]?(?:ids?|names?)|(?:ark|volcengine|byteplus) console|{_KEYS})(?![a-z])"
    r"|账号|账户|帐号|帐户|控制台|余额|欠费",
    re.IGNORECASE,
)
_WORD_OF_CODE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ACCOUNT_STATUSES = frozenset({401, 402, 403})
# With a status of the account's, these say that it may not see or do something.
_ABOUT_OBJECTS = frozenset({"NotFound", "InvalidAction"})
# A proxy answers the last two when its own client has left, and the request behind it may have been carried out.
UNDECIDED_STATUSES = frozenset({408, 460, 499})
"""Statuses below 500 that do not tell whether the request was carried out."""

_TOO_MANY = 429
_FIRST_REFUSAL = 400
_FIRST_FAILURE = 500


def meaning_of(code: str) -> Meaning | None:
    """Returns what a code means, or None for one that the table does not hold."""
    name = code
    while name:
        if name in TABLE:
            return TABLE[name]
        name = name.rpartition(".")[0]
    return Meaning.RATE if _RATE_FAMILIES.fullmatch(code) else None


def judge(status: int, code: str, message: str, *, is_assets: bool = False) -> Meaning:
    """Returns what an error that the upstream's API has worded means; never ``QUOTA``.

    Whatever comes with 408, 5xx or a redirect may have been carried out: even the code of a rate, which the upstream
    reports with 200, 400 and 429. An unknown code counts by its status: 401, 402 and 403 are the account's affair, 429
    is a rate, another 4xx is the client's mistake unless its words name the operator's things. With 401, 402 and 403 a
    code that says what is wrong with the request is the client's mistake all the same.

    Args:
        status: the HTTP status; 2xx for an error in a successful answer.
        code: the upstream's.
        message: the upstream's.
        is_assets: it comes from the Assets API, which has no queue: a quota of the account's is the size of its plan.
    """
    known = meaning_of(code)
    is_redirect = 300 <= status < _FIRST_REFUSAL  # noqa: PLR2004 - HTTP
    if is_redirect or status >= _FIRST_FAILURE or status in UNDECIDED_STATUSES:
        return Meaning.UPSTREAM
    if known is Meaning.RATE or (known is Meaning.CLIENT and code.partition(".")[0] not in _ABOUT_OBJECTS):
        return known
    if known is Meaning.QUOTA:
        return _judge_quota(message, is_assets=is_assets)
    if known is Meaning.UPSTREAM:
        return Meaning.RATE if status == _TOO_MANY else Meaning.UPSTREAM
    if known is None or status in _ACCOUNT_STATUSES:
        return _judge_by_status(status, code, message)
    return known


def is_full_queue(code: str) -> bool:
    """Whether a throttle is a full queue, which empties more slowly than a rate recovers."""
    return meaning_of(code) is Meaning.QUOTA


def names_operators_ids(text: str) -> bool:
    """Whether a text holds an account number, an endpoint, an access key or the address of a console."""
    return _IDS.search(_ADDRESS.sub(" ", text)) is not None


def names_operators_things(text: str, model: str = "") -> bool:
    """Whether a text of the upstream names an account, a console, a project, an endpoint or a credential.

    Addresses, and words in quotation marks, are what a client has sent.

    Args:
        text: such as a message.
        model: what the client named; an endpoint that it knows is no secret.
    """
    if model.startswith("ep-"):
        text = text.replace(model, " ")
    text = _PARAMETER.sub(" ", _ADDRESS.sub(" ", text))
    return any(found.search(text) for found in (_IDS, _WHOSE)) or _WORDS.search(_QUOTED.sub(" ", text)) is not None


def words_for_tenant(code: str, message: str, model: str = "") -> str:
    """Returns the upstream's message about a client's mistake, or our own words when it names the operator's things."""
    return f"The request was refused: {code}." if names_operators_things(message, model) else message


def failure_for_tenant(code: str, message: str, model: str = "") -> tuple[str, str]:
    """Returns code and message under which a tenant is shown why its task or asset failed upstream.

    Args:
        code: the upstream's; an empty one is not known.
        message: the upstream's.
        model: what the client named.
    """
    meaning = meaning_of(code)
    if meaning in {Meaning.CLIENT, Meaning.UPSTREAM}:
        return code, f"The upstream gave {code} as the reason." if names_operators_things(message, model) else message
    if meaning is Meaning.RATE:
        return code, NEUTRAL
    if meaning is not None or names_operators_things(f"{_spaced(code)} {message}", model):
        return INTERNAL, NEUTRAL
    return code, message


def _judge_by_status(status: int, code: str, message: str) -> Meaning:
    if status in _ACCOUNT_STATUSES:
        return Meaning.ACCOUNT
    if status == _TOO_MANY:
        return Meaning.RATE
    words = _QUOTED.sub(" ", _PARAMETER.sub(" ", _ADDRESS.sub(" ", message)))
    is_operators = _WORDS.search(_spaced(code)) or names_operators_ids(message) or _WHOSE.search(words)
    return Meaning.ACCOUNT if is_operators else Meaning.CLIENT


def _spaced(code: str) -> str:
    """Returns the words of a code: ``ProjectNotFound`` gives ``Project Not Found``."""
    return _WORD_OF_CODE.sub(" ", code)


def _judge_quota(message: str, *, is_assets: bool) -> Meaning:
    is_queue, is_plan = _QUEUE.search(message) is not None, _PLAN.search(message) is not None
    if is_queue and is_plan:
        return Meaning.UNCLEAR
    if is_queue:
        return Meaning.RATE
    is_accounts = is_assets and names_operators_things(message)
    return Meaning.ACCOUNT if is_plan or is_accounts or _ADVICE.search(message) else Meaning.UNCLEAR
