"""What moto and botocore repeat for each test or call, done once in a process."""

from __future__ import annotations

import string
from copy import deepcopy
from functools import cache
from typing import Any

import botocore.regions
import botocore.session
import moto.backends
import moto.core.responses
import yaml
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import create_loader
from botocore.useragent import UserAgentString
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.backend_index import backend_url_patterns
from moto.core.base_backend import BaseBackend
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.moto_api._internal.moto_random import MotoRandom

PARSE = yaml.load
STRUCTURE = BaseJSONSerializer._serialize_type_structure
OURS = {"dynamodb", "glue", "s3", "sns", "sqs", "stepfunctions"}
_providers: dict[int, Any] = {}


def _provided(ruleset_data: Any, **others: Any) -> Any:
    """Make the rules of a service's endpoints once: the one loader always gives the same data of them."""
    if id(ruleset_data) not in _providers:
        _providers[id(ruleset_data)] = EndpointProvider(ruleset_data=ruleset_data, **others)
    return _providers[id(ruleset_data)]


def _structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Write a value of an item by the type that it has; moto looks for each of ten, under several names."""
    if shape.name != "AttributeValue" or not isinstance(value, dict):
        STRUCTURE(self, serialized, value, shape, key)
        return
    written: dict[str, Any] = {}
    for kind, one in value.items():
        self._serialize(written, one, shape.members[kind], kind)
    self._default_serialize(serialized, written, shape, key)


def _random_string(self: Any, length: int = 20, include_digits: bool = True, lower_case: bool = False) -> str:
    """Draw a request's id at once; moto draws each of its 52 letters."""
    drawn = "".join(self.choices(string.ascii_letters + string.digits * include_digits, k=length))
    return drawn.lower() if lower_case else drawn


def _spare(backends: Any, backend: Any, agent: Any, serializer: Any, draw: Any) -> None:
    """Have moto find a service and its addresses once, not for each call, and botocore no user agent."""
    urls_of, urls = backend.urls.fget, dict[type, Any]()

    def urls_once(one: Any) -> Any:
        if type(one) not in urls:
            urls[type(one)] = urls_of(one)
        return urls[type(one)]

    backend.urls = property(urls_once)
    backends.get_backend = cache(backends.get_backend)
    agent.to_string = lambda _: "tests"
    serializer._serialize_type_structure = _structure
    draw.get_random_string = _random_string


@cache
def _parsed(text: str, loader: Any) -> Any:
    return PARSE(text, loader)  # our own template, by moto's own loader


def load(text: str, **options: Any) -> Any:
    """Load a template as moto does, but each text only once: the parser takes half a second."""
    return deepcopy(_parsed(text, options["Loader"]))


# moto forgets boto3's session after every test; what its clients and topics are made of is read and made once
botocore.session.create_loader = cache(create_loader)
vars(botocore.regions)["EndpointProvider"] = _provided
rsa.generate_private_key = cache(rsa.generate_private_key)
vars(moto.core.responses)["method_names_from_class"] = cache(method_names_from_class)
vars(moto.core.responses)["camelcase_to_underscores"] = cache(camelcase_to_underscores)
backend_url_patterns.sort(key=lambda one: one[0] not in OURS)  # moto tries them one by one for each call
_spare(moto.backends, BaseBackend, UserAgentString, BaseJSONSerializer, MotoRandom)
