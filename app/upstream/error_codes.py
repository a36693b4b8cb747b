"""The category of every error code of the upstream: one table for both planes. Pure.

::

    CLIENT     the client's mistake: nothing was done, and the upstream's message is passed on
    RATE       the account calls too often: nothing was done, and it passes by itself
    ACCOUNT    the account or its configuration refuses the call: nothing was done, and the operator has to act
    UNSERVED   the account does not offer this model or action; another account may
    QUOTA      a code with three meanings, which are distinguished by the message
    UNCLEAR    a quota whose message does not say which one it is
    UPSTREAM   the upstream's own failure: it may have been done

A code is looked up as it is, then without its last part: ``InvalidParameter.content`` is found as ``InvalidParameter``.
The status decides only where the code does not, because the upstream reports one code with several statuses.

Source: docs 82379/1299023 (Ark error codes), docs.byteplus.com common error codes (OpenAPI gateway).
"""

import re
from collections.abc import Mapping
from enum import Enum

INTERNAL = "InternalServiceError"
"""The code that a tenant is shown for errors that only the operator can fix."""

NEUTRAL = "The service could not complete the request."
"""The message that goes with it."""


class Category(Enum):
    """The category of an error; see above."""

    CLIENT = "client"
    RATE = "rate"
    ACCOUNT = "account"
    UNSERVED = "unserved"
    QUOTA = "quota"
    UNCLEAR = "unclear"
    UPSTREAM = "upstream"


_CODES: Mapping[Category, str] = {
    Category.CLIENT: """
        MissingParameter InvalidParameter InvalidImageURL Duplicate.Tags.Key OutofContextError NotFound InvalidAction
        SensitiveContentDetected InputTextSensitiveContentDetected InputImageSensitiveContentDetected
        InputVideoSensitiveContentDetected InputAudioSensitiveContentDetected OutputTextSensitiveContentDetected
        OutputImageSensitiveContentDetected OutputVideoSensitiveContentDetected OutputAudioSensitiveContentDetected
        InputTextRiskDetection InputImageRiskDetection OutputTextRiskDetection OutputImageRiskDetection
        ContentSecurityDetectionError
    """
    # Reasons why an asset becomes ``Failed``.
    """
        DownloadFailed TypeMismatch FormatUnsupported FormatUndetectable DurationTooShort DurationTooLong WidthTooSmall
        WidthTooLarge HeightTooSmall HeightTooLarge AspectRatioTooSmall AspectRatioTooLarge FileSizeTooLarge
        PixelCountTooSmall PixelCountTooLarge FpsTooLow FpsTooHigh AudioTrackRequired AudioTrackForbidden
        ContentRestricted FaceMismatch TranscodingFailed
    """,
    Category.RATE: """
        RateLimitExceeded ModelAccountRpmRateLimitExceeded ModelAccountTpmRateLimitExceeded
        ModelAccountIpmRateLimitExceeded APIAccountRpmRateLimitExceeded AccountRateLimitExceeded RequestBurstTooFast
        InflightBatchsizeExceeded FlowLimitExceeded AccountFlowLimitExceeded RequestThrottled RequestLimitExceeded
        QuotaWriteQPMExceeded QuotaWriteQPSExceeded
    """,
    Category.ACCOUNT: """
        AuthenticationError InvalidAccountStatus AccountOverdueError AccessDenied OperationDenied ModelNotOpen
        InvalidEndpoint InvalidEndpointOrModel.ModelIDAccessDisabled InvalidSubscription SubscriptionRequired
        SetLimitExceeded
    """
    # The operator lists a channel's projects, so an unknown one is a mistake in the configuration.
    "NotFound.ProjectName"
    # The signature is made by the gateway, the address configured by the operator.
    """
        InvalidAccessKey InvalidAuthorization InvalidCredential InvalidSecretToken InvalidTimestamp LackPolicy
        MissingAuthenticationToken MissingRequestInfo MissingSignature SignatureDoesNotMatch ServiceNotFound
        MethodNotAllowed
    """,
    # The gateway sends only models and actions that it knows.
    Category.UNSERVED: "InvalidEndpointOrModel UnsupportedModel InvalidActionOrVersion",
    Category.QUOTA: "QuotaExceeded",
    Category.UPSTREAM: """
        InternalServiceError InternalError InternalServiceTimeout FailToConnect ModelLoadingError ServerOverloaded
        ServiceUnavailable ServiceUnavailableTemp
    """,
}
TABLE: Mapping[str, Category] = {code: category for category, codes in _CODES.items() for code in codes.split()}
"""Every known code and its category."""

_RATE_FAMILIES = re.compile(r"\w*(RateLimit|FlowLimit)Exceeded|Quota(Read|Write)?QP[SMH]Exceeded")
# Words that tell the quotas apart. A message with words of both kinds is unclear, like one without any.
_QUEUE = re.compile(r"\bqueu|\bpending\b|\bconcurren|\bin progress\b|\bunfinished\b|排队|队列|并发", re.IGNORECASE)
_PLAN = re.compile(
    r"\bfree\b|\btrial\b|\bplans?\b|\bpackages?\b|\bsubscri|\bbilling\b|\bexhausted\b|\bused up\b"
    r"|\b(daily|weekly|monthly)\b|\bassets?\b|\bgroups?\b|\bstorage\b|免费|试用|套餐|资源包|额度|耗尽|用完|用尽|素材",
    re.IGNORECASE,
)
# Advice for a person; the upstream gives it about a full queue, too.
_ADVICE = re.compile(
    r"\bconsole\b|\bupgrade|\bpurchase|\brecharge|\btop up\b|\bactivate|控制台|购买|充值|升级|开通", re.IGNORECASE
)
# Text that a tenant may have sent: URLs, and what the upstream quotes of a request. URLs of consoles stay.
_ADDRESS = re.compile(r"https?://(?!(?:[a-z0-9-]+\.)*(?:volcengine|byteplus)\.com\b)[^\s'\"`<>，。）]+", re.IGNORECASE)
_PARAMETER = re.compile(r"`[^`]{0,300}`")
_QUOTED = re.compile(r"\"[^\"]{0,300}\"|“[^”]{0,300}”|(?<!\w)'.{0,300}?'(?!\w)", re.DOTALL)
# Account numbers have ten digits and begin with 20 or 21; 2147483647 and 2147483648 are the bounds of a seed.
_IDS = re.compile(
    r"(?<![0-9])(?!214748364)2[01][0-9]{8}(?![0-9])|(?<![a-z0-9])ep-(?:[a-z]+-)?[0-9]{8,}|(?<![a-z0-9])AK(?:LT|TP)\w{4,}"
    r"|(?<![a-z0-9.-])(?!www\.|docs\.)(?:[a-z0-9-]+\.)+(?:volcengine|byteplus)\.com",
    re.IGNORECASE,
)
# Request ids, tokens and hashes, in whose random digits an account number may seem to stand.
_HEX_ID = re.compile(r"(?<![0-9a-z])[0-9a-f]{24,}(?![0-9a-z])", re.IGNORECASE)
_KEYS = r"iam[ _-]?(?:users?|roles?)?|(?:api|access|secret)[ _-]?(?:access[ _-]?)?keys?(?:[ _-]?ids?)?|ak/sk"
_WORDS = re.compile(
    r"(?<![a-z])(?:(?:accounts?|projects?|users?(?=[ _-]?id))[ _-]?(?:ids?|names?|numbers?)?|consoles?|uid"
    rf"|{_KEYS})(?![a-z])|账号|账户|帐号|帐户|控制台|项目|余额|欠费",
    re.IGNORECASE,
)
# A client's prompt may mention a console or a project; these phrases refer to the operator's.
_WHOSE = re.compile(
    r"(?<![a-z])(?:(?:your|this|current|main)[ _-](?:\w+ )?(?:account|project)"
    r"|account[ _-]?(?:ids?|names?|numbers?)?\W{0,3}[0-9]{3}"
    rf"|(?:account|project|user)[ _-]?(?:ids?|names?)|(?:ark|volcengine|byteplus) console|{_KEYS})(?![a-z])"
    r"|账号|账户|帐号|帐户|控制台|余额|欠费",
    re.IGNORECASE,
)
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ACCOUNT_STATUSES = frozenset({401, 402, 403})
# With one of these statuses, these codes mean that the account lacks a permission.
_OBJECT_CODES = frozenset({"NotFound", "InvalidAction"})
# A proxy logs the last two when its client has disconnected; the request behind it may have been carried out.
UNDECIDED_STATUSES = frozenset({408, 460, 499})
"""Statuses below 500 that do not tell whether the request was carried out."""

_TOO_MANY_REQUESTS = 429
_MIN_CLIENT_ERROR = 400
_MIN_SERVER_ERROR = 500


def category_of(code: str) -> Category | None:
    """Returns the category of a code, or None for an unknown one."""
    name = code
    while name:
        if name in TABLE:
            return TABLE[name]
        name = name.rpartition(".")[0]
    return Category.RATE if _RATE_FAMILIES.fullmatch(code) else None


def classify(status: int, code: str, message: str, *, is_assets: bool = False) -> Category:
    """Returns the category of an error reported by the upstream's API; never ``QUOTA``.

    A request answered with 408, 5xx or a redirect may have been carried out, whatever the code: rate limit codes are
    reported with 200, 400 and 429, and count only with these. An unknown code is classified by its status: 401, 402
    and 403 are ``ACCOUNT``, 429 is ``RATE``, another 4xx is ``CLIENT`` unless the text mentions details of the
    operator's account. A code that says what is wrong with the request is ``CLIENT`` even with 401, 402 and 403.

    Args:
        status: the HTTP status; 2xx for an error in a successful response.
        code: the upstream's.
        message: the upstream's.
        is_assets: it comes from the Assets API, which has no queue: a quota there belongs to the account's plan.
    """
    known = category_of(code)
    is_redirect = 300 <= status < _MIN_CLIENT_ERROR  # noqa: PLR2004 - HTTP
    if is_redirect or status >= _MIN_SERVER_ERROR or status in UNDECIDED_STATUSES:
        return Category.UPSTREAM
    if known is Category.RATE or (known is Category.CLIENT and code.partition(".")[0] not in _OBJECT_CODES):
        return known
    if known is Category.QUOTA:
        return _classify_quota(message, is_assets=is_assets)
    if known is Category.UPSTREAM:
        return Category.RATE if status == _TOO_MANY_REQUESTS else Category.UPSTREAM
    if known is None or status in _ACCOUNT_STATUSES:
        return _classify_by_status(status, code, message)
    return known


def is_full_queue(code: str) -> bool:
    """Whether a throttle is a full queue, which recovers more slowly than a rate limit."""
    return category_of(code) is Category.QUOTA


def mentions_operator_ids(text: str) -> bool:
    """Whether a text contains an account number, an endpoint, an access key or the URL of a console."""
    return _IDS.search(_HEX_ID.sub(" ", _ADDRESS.sub(" ", text))) is not None


def mentions_operator_details(text: str, model: str = "") -> bool:
    """Whether a text of the upstream mentions an account, a console, a project, an endpoint or a credential.

    URLs and quoted words are ignored: they repeat what the client has sent.

    Args:
        text: such as a message.
        model: the one the client named; if it is an endpoint, the client knows it already.
    """
    if model.startswith("ep-"):
        text = text.replace(model, " ")
    text = _HEX_ID.sub(" ", _PARAMETER.sub(" ", _ADDRESS.sub(" ", text)))
    return any(found.search(text) for found in (_IDS, _WHOSE)) or _WORDS.search(_QUOTED.sub(" ", text)) is not None


def message_for_tenant(code: str, message: str, model: str = "") -> str:
    """Returns the upstream's message about a client's mistake, or a neutral one if it has details of the operator's."""
    return f"The request was refused: {code}." if mentions_operator_details(message, model) else message


def failure_for_tenant(code: str, message: str, model: str = "") -> tuple[str, str]:
    """Returns the code and message that tell a tenant why its task or asset failed upstream."""
    category = category_of(code)
    if category in {Category.CLIENT, Category.UPSTREAM}:
        return code, f"The upstream gave {code} as the reason." if mentions_operator_details(
            message, model
        ) else message
    if category is Category.RATE:
        return code, NEUTRAL
    if category is not None or mentions_operator_details(f"{_split_words(code)} {message}", model):
        return INTERNAL, NEUTRAL
    return code, message


def _classify_by_status(status: int, code: str, message: str) -> Category:
    if status in _ACCOUNT_STATUSES:
        return Category.ACCOUNT
    if status == _TOO_MANY_REQUESTS:
        return Category.RATE
    words = _QUOTED.sub(" ", _PARAMETER.sub(" ", _ADDRESS.sub(" ", message)))
    is_operators = _WORDS.search(_split_words(code)) or mentions_operator_ids(message) or _WHOSE.search(words)
    return Category.ACCOUNT if is_operators else Category.CLIENT


def _split_words(code: str) -> str:
    """Returns the words of a code: ``ProjectNotFound`` gives ``Project Not Found``."""
    return _WORD_BOUNDARY.sub(" ", code)


def _classify_quota(message: str, *, is_assets: bool) -> Category:
    is_queue, is_plan = _QUEUE.search(message) is not None, _PLAN.search(message) is not None
    if is_queue and is_plan:
        return Category.UNCLEAR
    if is_queue:
        return Category.RATE
    is_accounts = is_assets and mentions_operator_details(message)
    return Category.ACCOUNT if is_plan or is_accounts or _ADVICE.search(message) else Category.UNCLEAR
