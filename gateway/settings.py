"""The gateway's settings, all from environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from gateway.addresses import every_address, is_loopback, url_on_this_machine
from gateway.environment import GatewayEnvironment
from gateway.public_key import algorithm_of
from gateway.splits import PAPERS_SETTING, SplitNames, splits, target_variable
from services.reading import declared
from settings.environment import SettingError
from settings.log_format import LogFormat


@dataclass(frozen=True)
class ApiKey:
    """A key, and the name of the caller whose it is; a caller may have several."""

    name: str
    key: str = field(repr=False)

    def __str__(self) -> str:
        """As API_KEYS has it."""
        return f"{self.name}:{self.key}"


@dataclass(frozen=True)
class GatewaySettings:
    """What the gateway is told.

    `p_value` is the percentage of the requests that the first version of the paper's split gets
    when the gateway starts for the first time, and `shares` are those of others, by their settings.
    `targets` are `host:port` by process, as many as it has replicas; of a process of events they
    are where a rollout reads the sync's metrics, and the gateway sends them nothing. `address` is
    where clients reach the gateway, which need not be where it listens; `given_url` and
    `given_admin_urls` are where commands reach it from another machine or container, the second of
    each of several gateways. With `tls_listen` it serves TLS there too, with `tls_certificate` (its
    chain) and `tls_key`, both PEM. `jwt_public_key` (PEM) is what tokens are signed with,
    `jwt_issuer` and `jwt_audience` what they must name where these are set. Without `api_keys` and
    without `jwt_public_key` everybody may call, which is refused beyond loopback. Rate and size
    limits are requests (by caller, else by client address) and bytes of a body;
    `rate_limit_per_second` 0 stands for a tenth of the other, 100 at least. Kong sends its spans to
    `traces_endpoint`, where there is one: of so many of the traces that begin with it as
    `traces_ratio` says, 0 to 1.
    """

    p_value: int = 100
    shares: Mapping[str, int] = field(default_factory=dict)
    targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listen: str = "127.0.0.1:8000"
    admin_listen: str = "127.0.0.1:8001"
    status_listen: str = ""
    address: str = "127.0.0.1"
    given_url: str = ""
    given_admin_urls: tuple[str, ...] = ()
    tls_listen: str = ""
    tls_certificate: str = ""
    tls_key: str = field(default="", repr=False)
    api_keys: tuple[ApiKey, ...] = ()
    jwt_public_key: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    rate_limit_per_minute: int = 6_000
    rate_limit_per_second: int = 0
    request_size_limit: int = 1_048_576
    state: Path = Path(".aware/gateway")
    log_format: LogFormat = LogFormat.AUTO
    version_callers: tuple[str, ...] = ()
    read_only_callers: tuple[str, ...] = ()
    traces_endpoint: str = ""
    traces_ratio: str = "1"

    def __post_init__(self) -> None:
        """Refuse to serve strangers without a key."""
        if not self.asks and not is_loopback(self.address):
            raise SettingError(
                "API_KEYS must be set where the gateway is reached beyond loopback "
                f"({self.address})"
            )
        for name in ("jwt_issuer", "jwt_audience"):
            if getattr(self, name) and not self.jwt_public_key:
                raise SettingError(f"{name.upper()} is set, but JWT_PUBLIC_KEY is not")
        if self.rate_limit_per_second > self.rate_limit_per_minute:
            raise SettingError("RATE_LIMIT_PER_SECOND is more than RATE_LIMIT_PER_MINUTE")
        known = {"*", *(key.name for key in self.api_keys)}
        for name in ("version_callers", "read_only_callers"):
            for caller in {*getattr(self, name)} - known:
                raise SettingError(f"{name.upper()} names {caller}, who has no key in API_KEYS")
        for name in ("tls_certificate", "tls_key"):
            if self.tls_listen and not getattr(self, name):
                raise SettingError(f"GATEWAY_{name.upper()} must be set where TLS is served")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The settings `environment` holds; raises SettingError, naming the variable.

        P_VALUE: percent of the user requests that v1 gets at the first start; `gateway weight` and
            `gateway rollout` change it afterwards
        KONG_PROXY_LISTEN: where the gateway listens for clients
        KONG_ADMIN_LISTEN: where it listens for the operator
        KONG_STATUS_LISTEN: where it gives its metrics, to whoever may not operate it; not set, or
            `off`, is nowhere
        GATEWAY_ADDRESS: the host by which clients reach it, if not that of KONG_PROXY_LISTEN
        GATEWAY_URL: where commands reach the gateway, if not on this machine
        GATEWAY_ADMIN_URL: where commands reach its administration, if not on this machine; of
            several gateways those of all, with commas, or a name with all their addresses
        GATEWAY_TLS_LISTEN: where it serves TLS as well
        GATEWAY_TLS_CERTIFICATE: the certificate with its chain
        GATEWAY_TLS_KEY: the certificate's key
        API_KEYS: who may call, by the key in the header `apikey`: 16 to 128 letters, digits, `-`
            and `_`; required where the gateway is reached beyond loopback
        JWT_PUBLIC_KEY: the key that the tokens of `Authorization: Bearer` are signed with: RSA (for
            RS256) or EC on P-256 (for ES256)
        JWT_ISSUER: what a token's `iss` must be, if anything
        JWT_AUDIENCE: what a token's `aud` must be, or have among others, if anything
        RATE_LIMIT_PER_MINUTE: requests a minute by one caller, or by one address where a caller is
            not known
        RATE_LIMIT_PER_SECOND: how many of them within a second; 0 is a tenth of the limit of a
            minute, at least 100, and never more than that limit
        REQUEST_SIZE_LIMIT: bytes of a request body
        GATEWAY_STATE_DIR: the folder of the weight, rollout reports and rendered files
        VERSION_CALLERS: names out of API_KEYS, with commas, of callers that may ask for a version
            of a service by the header `X-Service-Version`; `*` is everybody
        READ_ONLY_CALLERS: names out of API_KEYS, with commas, of callers that may only read: GET,
            HEAD and OPTIONS; `*` is everybody
        OTEL_EXPORTER_OTLP_ENDPOINT: the collector that takes Kong's spans by OTLP over HTTP;
            without it there are none
        OTEL_TRACES_SAMPLER_ARG: which part of the traces that begin at the gateway is recorded, `0`
            to `1`
        LOG_FORMAT: `auto` is `console` (for people) on a terminal, otherwise `json`
        """
        given = GatewayEnvironment(environment)
        listen = given.listen("KONG_PROXY_LISTEN", cls.listen)
        settings = [each.setting for each in splits()]
        others = [each for each in settings if each != PAPERS_SETTING]
        p_value = given.whole("P_VALUE", None if PAPERS_SETTING in settings else 100, 0, 100)
        return cls(
            p_value=p_value,
            shares={each: given.whole(each, None, 0, 100) for each in others},
            targets={
                process: given.targets(target_variable(process), _expected(process))
                for process in declared().ports
            },
            listen=listen,
            admin_listen=given.listen("KONG_ADMIN_LISTEN", cls.admin_listen),
            status_listen=given.listen_or_off("KONG_STATUS_LISTEN"),
            address=environment.get("GATEWAY_ADDRESS") or listen.rpartition(":")[0],
            given_url=given.url("GATEWAY_URL"),
            given_admin_urls=given.urls("GATEWAY_ADMIN_URL"),
            tls_listen=given.listen("GATEWAY_TLS_LISTEN", cls.tls_listen),
            tls_certificate=given.pem("GATEWAY_TLS_CERTIFICATE"),
            tls_key=given.pem("GATEWAY_TLS_KEY"),
            api_keys=tuple(ApiKey(*each) for each in given.api_keys("API_KEYS")),
            jwt_public_key=given.public_key("JWT_PUBLIC_KEY"),
            jwt_issuer=given.claim("JWT_ISSUER"),
            jwt_audience=given.claim("JWT_AUDIENCE"),
            rate_limit_per_minute=given.whole(
                "RATE_LIMIT_PER_MINUTE", cls.rate_limit_per_minute, 1, 999_999_999
            ),
            rate_limit_per_second=given.whole(
                "RATE_LIMIT_PER_SECOND", cls.rate_limit_per_second, 0, 999_999_999
            ),
            request_size_limit=given.whole(
                "REQUEST_SIZE_LIMIT", cls.request_size_limit, 1, 99_999_999_999
            ),
            state=state_folder(environment),
            log_format=given.one_of("LOG_FORMAT", cls.log_format),
            version_callers=given.callers("VERSION_CALLERS"),
            read_only_callers=given.callers("READ_ONLY_CALLERS"),
            traces_endpoint=given.url("OTEL_EXPORTER_OTLP_ENDPOINT"),
            traces_ratio=given.ratio("OTEL_TRACES_SAMPLER_ARG", cls.traces_ratio),
        )

    @property
    def burst(self) -> int:
        """How many requests a caller may make within a second."""
        per_minute = self.rate_limit_per_minute
        return self.rate_limit_per_second or min(per_minute, max(100, per_minute // 10))

    def initial(self, names: SplitNames) -> int:
        """What the first version of a split gets at the first start."""
        if names.setting == PAPERS_SETTING:
            return self.p_value
        return self.shares.get(names.setting, 100)

    def targets_of(self, process: str) -> tuple[str, ...]:
        """Where a process is."""
        return self.targets.get(process, _expected(process))

    @property
    def event_targets(self) -> tuple[str, ...]:
        """Where the processes of events are, as far as that is known."""
        system = declared()
        processes = (each.process for service in system for each in service.event_processes)
        return tuple(target for process in processes for target in self.targets_of(process))

    @property
    def asks(self) -> bool:
        """Whether routes ask for what they say, which needs somebody who can have it."""
        return bool(self.api_keys or self.jwt_public_key)

    @property
    def jwt_algorithm(self) -> str:
        """How tokens are signed; empty where none are taken."""
        return self.jwt_public_key and algorithm_of(self.jwt_public_key)

    @property
    def url(self) -> str:
        """Where the gateway answers to this process."""
        return self.given_url or url_on_this_machine(self.listen)

    @property
    def admin_urls(self) -> tuple[str, ...]:
        """Where the gateway takes orders from this process, each of several that are one."""
        given = self.given_admin_urls or (url_on_this_machine(self.admin_listen),)
        return tuple(dict.fromkeys(each for url in given for each in every_address(url)))


def state_folder(environment: Mapping[str, str]) -> Path:
    """Where the gateway keeps what was set last."""
    return Path(environment.get("GATEWAY_STATE_DIR") or GatewaySettings.state)


def _expected(process: str) -> tuple[str, ...]:
    """Where a process is in Docker Compose; nowhere for one that the gateway sends nothing."""
    is_http = any(process in service.processes for service in declared())
    return (f"{process}:5000",) if is_http else ()
