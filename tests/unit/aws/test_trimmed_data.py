"""Trimmed data say of all that Sluice can reach what botocore's own say; the rest is botocore's own."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore import xform_name
from botocore.exceptions import DataNotFoundError, NoRegionError, UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.regions import EndpointResolver
from botocore.session import get_session
from botocore.utils import CachedProperty

from chalicelib.aws import clients, trimmed_data
from chalicelib.aws.trimmed_data import ENDPOINT_RULES, ENDPOINTS, MODEL, TrimmedLoader
from ops import trimming
from ops.stages import ROOT
from ops.trimming import BY_BOTOCORE, SERVICES
from tests.support.iam import handlers

NOT_REACHED = {"documentation", "operation_names", "shape_names", "service_model"}
OWN = Loader()
PARTITIONS = OWN.load_data(ENDPOINTS)["partitions"]
PREFIXES = {name: OWN.load_service_model(name, MODEL)["metadata"]["endpointPrefix"] for name in SERVICES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("trimmed")
    trimming.write(made)
    return made


@pytest.fixture(scope="module")
def trimmed(folder: Path) -> TrimmedLoader:
    return TrimmedLoader(folder)


@pytest.fixture
def shipped(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put trimmed data where the package has them, and forget the process's clients."""
    there = tmp_path / "trimmed_data"
    there.mkdir()
    for file in folder.iterdir():
        (there / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(trimmed_data, "FOLDER", there)
    _forget()
    yield there
    _forget()


def _forget() -> None:
    clients._client.cache_clear()
    clients._session.cache_clear()


def _loader(*, is_trimmed: bool) -> Any:
    return clients._session(trimmed=is_trimmed).get_component("data_loader")


def told(value: Any, within: tuple[str, ...] = ()) -> Any:
    """Return all that a model says by its properties, through every shape that it leads to."""
    if isinstance(value, Shape) and value.name in within:
        return value.name
    if isinstance(value, Shape | OperationModel | ServiceModel):
        inner = (*within, value.name) if isinstance(value, Shape) else within
        return {name: told(_property(value, name), inner) for name in _properties(type(value)) - NOT_REACHED}
    if isinstance(value, dict):
        return {key: told(each, within) for key, each in value.items() if key != "documentation"}
    if isinstance(value, list | tuple):
        return [told(each, within) for each in value]
    return value


def _properties(kind: Any) -> set[str]:
    found = {name: inspect.getattr_static(kind, name) for name in dir(kind)}
    return {name for name, each in found.items() if isinstance(each, property | CachedProperty)} | (
        {"name", "type_name"} if issubclass(kind, Shape) else set()
    )


def _property(thing: Any, name: str) -> Any:
    try:
        return getattr(thing, name)
    except Exception as error:
        return str(error)


def _model(loader: Loader, service: str) -> ServiceModel:
    return ServiceModel(loader.load_service_model(service, MODEL), service)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_kept_and_every_error_is_told_as_botocore_tells_it(
    trimmed: TrimmedLoader, service: str
) -> None:
    whole, ours = _model(OWN, service), _model(trimmed, service)
    assert len(ours.operation_names) < len(whole.operation_names)
    assert [*ours.operation_names] == [name for name in whole.operation_names if name in ours.operation_names]
    for name in ours.operation_names:
        assert told(ours.operation_model(name)) == told(whole.operation_model(name))
    assert [shape.name for shape in whole.error_shapes] == [shape.name for shape in ours.error_shapes]
    assert told(ours) == told(whole)


def test_what_is_told_reaches_into_members() -> None:
    model = json.loads(json.dumps(OWN.load_service_model("dynamodb", MODEL)))
    before = told(ServiceModel(model, "dynamodb").operation_model("Query"))
    model["shapes"]["AttributeValue"]["members"]["NULL"]["locationName"] = "Nil"
    assert told(ServiceModel(model, "dynamodb").operation_model("Query")) != before


def test_every_operation_that_a_handler_can_reach_is_kept(trimmed: TrimmedLoader) -> None:
    calls = {call.operation.path for handler in handlers().values() for call in handler.calls}
    assert len(calls) > 25
    for service, method in calls:
        assert method in map(xform_name, _model(trimmed, service).operation_names)


def test_the_operations_that_botocore_calls_itself_are_known() -> None:
    """In its own code, outside of credentials, where it calls other services."""
    code = "\n".join(
        path.read_text()
        for path in Path(botocore.__file__).parent.rglob("*.py")
        if path.parent.name not in {"docs", "vendored"} and path.name not in {"credentials.py", "tokens.py"}
    )
    methods = {*re.findall(r"_client\.([a-z_]+)\(", code)}
    assert methods == {"head_bucket", "create_session"}
    operations = {*re.findall(r"meta\.service_model\.operation_model\('(\w+)'", code)}
    assert {xform_name(name) for name in BY_BOTOCORE["s3"]} == methods | {*map(xform_name, operations)}


def _endpoints(resolver: EndpointResolver, service: str) -> Iterator[Any]:
    """Yield the endpoint of a service in every region of every partition, and in one that is to come."""
    prefix = PREFIXES[service]
    for partition in PARTITIONS:
        regions = {*partition["regions"], *partition["services"].get(prefix, {}).get("endpoints", ())}
        for region in [*sorted(regions), f"{min(partition['regions'], default='us-x-1')[:-1]}9", None]:
            for dual, fips in ((False, False), (True, False), (False, True), (True, True)):
                try:
                    yield region, resolver.construct_endpoint(prefix, region, None, dual, fips)
                except Exception as error:
                    yield region, str(error)
        yield resolver.get_available_endpoints(prefix, partition["partition"], allow_non_regional=True)


@pytest.mark.parametrize("service", SERVICES)
def test_the_endpoints_of_every_region_and_partition_are_botocores(
    trimmed: TrimmedLoader, service: str
) -> None:
    ours, whole = (EndpointResolver(each.load_data(ENDPOINTS)) for each in (trimmed, OWN))
    assert ours.get_available_partitions() == whole.get_available_partitions()
    assert len([*_endpoints(whole, service)]) > 100
    assert [*_endpoints(ours, service)] == [*_endpoints(whole, service)]
    assert trimmed.load_service_model(service, ENDPOINT_RULES) == OWN.load_service_model(
        service, ENDPOINT_RULES
    )


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_of_every_partition_is_made_as_botocore_makes_it(service: str, shipped: Path) -> None:
    def made(region: str, *, is_trimmed: bool) -> Any:
        client = clients._create(service, region, clients._session(trimmed=is_trimmed))
        config = {k: v for k, v in vars(client.meta.config).items() if not k.startswith("_")}
        return client.meta.endpoint_url, client.meta.region_name, client.meta.partition, told(config)

    for region in [next(iter(partition["regions"]), "us-east-1") for partition in PARTITIONS]:
        assert made(region, is_trimmed=True) == made(region, is_trimmed=False)
    assert isinstance(_loader(is_trimmed=True), TrimmedLoader)


@pytest.mark.parametrize("name", ["_retry", "partitions", "sdk-default-configuration"])
def test_rules_of_retries_partitions_and_defaults_are_botocores(trimmed: TrimmedLoader, name: str) -> None:
    assert trimmed.load_data(name) == OWN.load_data(name)


def test_what_is_not_trimmed_is_botocores(trimmed: TrimmedLoader) -> None:
    assert trimmed.load_service_model("sts", MODEL) == OWN.load_service_model("sts", MODEL)
    assert trimmed.load_service_model("s3", "waiters-2") == OWN.load_service_model("s3", "waiters-2")
    assert trimmed.load_service_model("s3", MODEL, "2006-03-01") == OWN.load_service_model("s3", MODEL)
    assert trimmed.is_builtin_path(trimmed.load_data_with_path(ENDPOINTS)[1])
    with pytest.raises(UnknownServiceError):
        trimmed.load_service_model("no-such-service", MODEL)
    with pytest.raises(DataNotFoundError):
        trimmed.load_data("no-such-data")


def test_a_service_whose_rules_lie_elsewhere_has_botocores(folder: Path, tmp_path: Path) -> None:
    model = json.loads((folder / "sns.json").read_text())
    model["metadata"]["apiVersion"] = "2030-01-01"
    (tmp_path / "sns.json").write_text(json.dumps(model))
    found = TrimmedLoader(tmp_path).load_service_model("sns", ENDPOINT_RULES)
    assert found == OWN.load_service_model("sns", ENDPOINT_RULES)


@pytest.mark.parametrize("content", ["", "{", "\xff", "[]", "{}"])
def test_data_that_cannot_be_read_are_botocores(tmp_path: Path, content: str) -> None:
    for name in ("sqs", ENDPOINTS):
        (tmp_path / f"{name}.json").write_bytes(content.encode("latin-1"))
    spoilt = TrimmedLoader(tmp_path)
    assert spoilt.load_service_model("sqs", MODEL) == OWN.load_service_model("sqs", MODEL)
    assert spoilt.load_service_model("sqs", ENDPOINT_RULES) == OWN.load_service_model("sqs", ENDPOINT_RULES)
    assert spoilt.load_data(ENDPOINTS) == Loader().load_data(ENDPOINTS)  # a resolver changes what it is given


@pytest.mark.parametrize(
    "model", ["7", '["metadata"]', '{"metadata": {}}', '{"metadata": {"apiVersion": "2012-11-05"}}']
)
def test_a_model_that_botocore_makes_no_client_of_is_botocores(shipped: Path, model: str) -> None:
    (shipped / "sqs.json").write_text(model)
    assert len(clients.client("sqs", "eu-west-1").meta.service_model.operation_names) > 15
    assert clients.client("s3", "eu-west-1").meta.service_model.operation_names == [
        *_model(TrimmedLoader(shipped), "s3").operation_names
    ]


def test_endpoints_that_are_no_table_are_botocores(shipped: Path) -> None:
    (shipped / f"{ENDPOINTS}.json").write_text('{"version": 4}')
    assert clients.client("sqs", "cn-north-1").meta.endpoint_url == "https://sqs.cn-north-1.amazonaws.com.cn"


def test_a_mistake_is_told_as_without_trimmed_data(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    with pytest.raises(NoRegionError):
        clients.client("sqs", "")


def test_outside_of_the_package_data_are_botocores() -> None:
    assert not trimmed_data.FOLDER.exists()
    _forget()
    assert type(_loader(is_trimmed=True)) is Loader


def test_data_that_somebody_gives_botocore_go_first(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert type(_loader(is_trimmed=True)) is Loader


def test_a_botocore_that_does_not_fit_reads_its_own(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore, "__version__", "2.0.0")
    assert type(_loader(is_trimmed=True)) is Loader


@pytest.mark.parametrize(
    ("version", "fitting"),
    [
        ("1.35.68", False), ("1.35.69", True), ("1.35.100", True), ("1.36.0", True), ("1.144.5", True),
        ("2.0.0", False), ("2.0.0dev1", False), ("1.44.5rc1", False), ("0.9", False), ("", False),
    ],
)  # fmt: skip
def test_botocores_from_the_oldest_that_is_tested_to_the_next_major_one_fit(
    version: str, fitting: bool
) -> None:
    assert trimmed_data.fits(version) is fitting


def test_the_oldest_that_fits_is_the_oldest_that_is_tested() -> None:
    pinned = re.search(r"^botocore==(\S+)$", (ROOT / "ops/locks/oldest.in").read_text(), re.MULTILINE)
    assert pinned
    assert ".".join(map(str, trimmed_data.OLDEST)) == pinned[1]
    assert trimmed_data.fits(get_session().user_agent_version)


def test_operations_ask_for_signatures_that_the_oldest_knows(trimmed: TrimmedLoader) -> None:
    """A model's own is looked at when a client is made, an operation's only when it is called."""
    for service in SERVICES:
        model = trimmed.load_service_model(service, MODEL)
        for operation in model["operations"].values():
            assert {*operation.get("auth", ())} <= {"aws.auth#sigv4", "aws.auth#sigv4a", "smithy.api#noAuth"}
