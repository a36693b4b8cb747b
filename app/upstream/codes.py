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
# What only the operator may read: account numbers have ten digits and begin with 20 or 21, so that the bounds of a seed
# are no such number.
_OPERATORS = re.compile(
    r"\b(accounts?|consoles?|projects?|iam|access keys?|api keys?|ak/sk)\b|账号|账户|帐号|帐户|控制台|项目"
    r"|(?<![0-9])(?!214748364)2[01][0-9]{8}(?![0-9])",
    re.IGNORECASE,
)
_ACCOUNT_STATUSES = frozenset({401, 402, 403})
# A proxy answers the last two when its own client has left, whatever became of the request behind it.
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

    An unknown code counts by its status: 401, 402 and 403 are the account's affair, 429 is a rate, another 4xx is the
    client's mistake unless its words name the operator's things. Whatever comes with 408, 5xx or a redirect may have
    been carried out, unless the code is that of a rate, which the upstream reports with any status.

    Args:
        status: the HTTP status; 2xx for an error in a successful answer.
        code: the upstream's.
        message: the upstream's.
        is_assets: it comes from the Assets API, which has no queue: a quota of the account's is the size of its plan.
    """
    known = meaning_of(code)
    if known is Meaning.RATE:
        return Meaning.RATE
    is_redirect = 300 <= status < _FIRST_REFUSAL  # noqa: PLR2004 - HTTP
    if is_redirect or status >= _FIRST_FAILURE or status in UNDECIDED_STATUSES:
        return Meaning.UPSTREAM
    if known is Meaning.QUOTA:
        return _judge_quota(message, is_assets=is_assets)
    if known is Meaning.UPSTREAM:
        return Meaning.RATE if status == _TOO_MANY else Meaning.UPSTREAM
    if known is None or status in _ACCOUNT_STATUSES:
        return _judge_by_status(status, message)
    return known


def is_full_queue(code: str) -> bool:
    """Whether a throttle is a full queue, which empties more slowly than a rate recovers."""
    return meaning_of(code) is Meaning.QUOTA


def names_operators_things(text: str) -> bool:
    """Whether a text of the upstream names an account, a console, a project or a credential."""
    return _OPERATORS.search(text) is not None


def words_for_tenant(code: str, message: str) -> str:
    """Returns the upstream's message about a client's mistake, or our own words when it names the operator's things."""
    return f"The request was refused: {code}." if names_operators_things(message) else message


def failure_for_tenant(code: str, message: str) -> tuple[str, str]:
    """Returns code and message under which a tenant is shown why its task or asset failed upstream.

    Args:
        code: the upstream's; an empty one is not known.
        message: the upstream's.
    """
    meaning = meaning_of(code)
    if meaning in {Meaning.CLIENT, Meaning.UPSTREAM}:
        return code, f"The upstream gave {code} as the reason." if names_operators_things(message) else message
    if meaning is Meaning.RATE:
        return code, NEUTRAL
    if meaning is not None or names_operators_things(f"{code} {message}"):
        return INTERNAL, NEUTRAL
    return code, message


def _judge_by_status(status: int, message: str) -> Meaning:
    if status in _ACCOUNT_STATUSES:
        return Meaning.ACCOUNT
    if status == _TOO_MANY:
        return Meaning.RATE
    return Meaning.ACCOUNT if names_operators_things(message) else Meaning.CLIENT


def _judge_quota(message: str, *, is_assets: bool) -> Meaning:
    is_queue, is_plan = _QUEUE.search(message) is not None, _PLAN.search(message) is not None
    if is_queue and is_plan:
        return Meaning.UNCLEAR
    if is_queue:
        return Meaning.RATE
    is_accounts = is_assets and names_operators_things(message)
    return Meaning.ACCOUNT if is_plan or is_accounts or _ADVICE.search(message) else Meaning.UNCLEAR
