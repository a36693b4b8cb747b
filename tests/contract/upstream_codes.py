"""Every error code that the upstream is known to answer with, sorted by what it is to a tenant, and with its status."""

from collections.abc import Iterator
from dataclasses import dataclass

ACCOUNT_NUMBER = "2100123456"
LEAKING = (
    f"Your account {ACCOUNT_NUMBER} may not do this in the project alpha. "
    "Please visit https://console.volcengine.com/ark or the Ark Console."
)
"""What the upstream tells the owner of the account."""

OPERATORS_TEXTS = (
    "AccountID 3000123456 may not do this.",
    "account_id: 3000123456",
    "The accountId of this call is frozen.",
    "It is not found in ProjectName ops-internal.",
    "project_name=ops-internal has no right",
    "Your project ops-internal is over its budget.",
    "ApiKey 0a1b is disabled.",
    "The api_key 0a1b has expired.",
    "API-Key of IAMUser ops",
    "AccessKeyId AKLTMWU3 may not sign",
    "The AKLTMWU3YjU0 is not allowed",
    "Open https://ark.volcengine.com/region:cn-beijing/openManagement first.",
    "Open console.volcengine.com first.",
    "See https://ark.console.byteplus.com/ark for more",
    "Visit the 'Ark Console' to activate it.",
    "The duration is not valid for ep-20250101123456-abcde.",
    "The endpoint 'ep-m-20250101123456-abcde' is closed.",
    "It belongs to 2100123456.",
    "\u4e3b\u8d26\u6237\u4f59\u989d\u4e0d\u8db3",
)
"""Spellings in which the upstream names things of the operator's."""

TENANTS_TEXTS = (
    "The parameter `content[1].image_url` is not valid: https://my-project.example.com/console.png: download failed.",
    "The parameter `ProjectName` is missing.",
    "The prompt 'a boy's account of a game console' is too short.",
    'The prompt "my project" is too long.',
    "The seed must be between -1 and 2147483647.",
    "The projector and the accountant are not step-by-step, see https://www.volcengine.com/docs/82379/1299023.",
    # The random digits of a request id may look like an account number.
    "The size is not valid. Request id: 021780000000000aa2100123456bf00000000000000001c",
    "The token 2026010112000000A2012345678F0C0D0E is not valid.",
)
"""Messages about a client's mistake, with words of its own that look like the operator's."""

_CLIENT = {
    400: """
        MissingParameter MissingParameter.model InvalidParameter InvalidParameter.content
        InvalidParameter.UnsupportedParameter InvalidParameter.TosURLInvalid InvalidParameter.TaskTypeConstraint
        InvalidParameter.TaskTypeMismatch SensitiveContentDetected SensitiveContentDetected.SevereViolation
        SensitiveContentDetected.Violence InputTextSensitiveContentDetected InputImageSensitiveContentDetected
        InputVideoSensitiveContentDetected InputAudioSensitiveContentDetected
        InputTextSensitiveContentDetected.PolicyViolation InputImageSensitiveContentDetected.PolicyViolation
        InputVideoSensitiveContentDetected.PolicyViolation InputAudioSensitiveContentDetected.PolicyViolation
        InputImageSensitiveContentDetected.PrivacyInformation InputVideoSensitiveContentDetected.PrivacyInformation
        OutputTextSensitiveContentDetected OutputImageSensitiveContentDetected OutputVideoSensitiveContentDetected
        OutputAudioSensitiveContentDetected OutputVideoSensitiveContentDetected.PolicyViolation
        OutputAudioSensitiveContentDetected.PolicyViolation OutputImageSensitiveContentDetected.DeepFake
        InputTextRiskDetection InputImageRiskDetection OutputTextRiskDetection OutputImageRiskDetection
        ContentSecurityDetectionError InvalidImageURL.EmptyURL InvalidImageURL.InvalidFormat Duplicate.Tags.Key
        OutofContextError MissingParameter.GroupId MissingParameter.Filter MissingParameter.Id
        InvalidParameter.DownloadFailed InvalidParameter.WidthTooSmall
    """,
    404: "NotFound.ID NotFound.group_id NotFound.asset_id NotFound.BytedToken",
    409: "InvalidAction.RunningTaskDeletion",
}
_RATE = {
    429: """
        RateLimitExceeded.EndpointRPMExceeded RateLimitExceeded.EndpointTPMExceeded ModelAccountRpmRateLimitExceeded
        ModelAccountTpmRateLimitExceeded ModelAccountIpmRateLimitExceeded APIAccountRpmRateLimitExceeded
        AccountRateLimitExceeded RequestBurstTooFast InflightBatchsizeExceeded AccountFlowLimitExceeded
        FlowLimitExceeded RequestThrottled RequestLimitExceeded QuotaWriteQPMExceeded QuotaWriteQPSExceeded
    """,
}
_ACCOUNT = {
    400: "InvalidEndpoint.ClosedEndpoint InvalidSubscription InvalidAuthorization InvalidCredential MissingRequestInfo",
    401: """
        AuthenticationError InvalidAccountStatus SignatureDoesNotMatch InvalidAccessKey InvalidSecretToken
        MissingAuthenticationToken MissingSignature
    """,
    403: """
        AccountOverdueError AccessDenied AccessDenied.NoEntitlement SubscriptionRequired InvalidTimestamp LackPolicy
        OperationDenied.ServiceNotOpen OperationDenied.ServiceOverdue OperationDenied.PermissionDenied
        OperationDenied.InvalidState OperationDenied.UnsupportedPhase OperationDenied.FileQuotaExceeded
    """,
    404: "ModelNotOpen InvalidEndpointOrModel.ModelIDAccessDisabled NotFound.ProjectName ServiceNotFound",
    405: "MethodNotAllowed",
    429: "SetLimitExceeded",
}
_UNSERVED = {404: "InvalidEndpointOrModel.NotFound UnsupportedModel InvalidActionOrVersion"}
_OVERLOADED = {429: "ServerOverloaded ModelLoadingError"}
_FAILURE = {
    500: "InternalServiceError InternalError",
    502: "FailToConnect",
    503: "ServiceUnavailable ServiceUnavailableTemp ServerOverloaded",
    504: "InternalServiceTimeout",
}

GROUPS = {
    "client": _CLIENT,
    "rate": _RATE,
    "account": _ACCOUNT,
    "unserved": _UNSERVED,
    "overloaded": _OVERLOADED,
    "failure": _FAILURE,
}
ASSET_REASONS = frozenset(
    [
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
    ]
)
"""Codes that stand in a failed asset, not in an answer."""

QUOTAS = {
    "account": (
        f"Your account {ACCOUNT_NUMBER} has exhausted its free trial quota. Visit the Ark Console.",
        f"The quota of the plan of account {ACCOUNT_NUMBER} is used up.",
        f"账号 {ACCOUNT_NUMBER} 的免费试用额度已消耗完毕，请前往控制台开通。",
        "Asset quota exceeded, please upgrade in the console.",
    ),
    "rate": (
        f"Too many queued tasks in account {ACCOUNT_NUMBER}.",
        f"The task queue of account {ACCOUNT_NUMBER} is full. See the console.",
        f"账号 {ACCOUNT_NUMBER} 排队中的任务过多。",
    ),
    "unclear": (
        "The quota is exceeded.",
        "The queued tasks exceed the quota of your plan; see the console.",
    ),
}
"""What ``QuotaExceeded`` says, by what it means."""


@dataclass(frozen=True)
class Row:
    """One code of the upstream.

    Attributes:
        group: what it is to a tenant.
        status: with which the upstream sends it.
        code: its own.
        message: what it says.
    """

    group: str
    status: int
    code: str
    message: str = LEAKING


def every_code() -> Iterator[Row]:
    """Yields a row for every code but ``QuotaExceeded``."""
    for group, by_status in GROUPS.items():
        for status, codes in by_status.items():
            for code in codes.split():
                yield Row(group, status, code)


def some_codes() -> Iterator[Row]:
    """Yields the first row of each group and status."""
    seen = set()
    for row in every_code():
        if (row.group, row.status) not in seen:
            seen.add((row.group, row.status))
            yield row


def every_quota() -> Iterator[Row]:
    """Yields a row for each wording of ``QuotaExceeded``."""
    for group, messages in QUOTAS.items():
        for message in messages:
            yield Row(group, 429, "QuotaExceeded", message)
