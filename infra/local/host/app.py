"""Load ``function_app.py`` as Azure's worker does; refuse what it or this host could not run."""

import gc
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import azure.functions as func
from azure.functions.decorators.function_app import Function, FunctionRegister

from infra.local.host.settings import SettingMissing, environment
from infra.local.host.triggers import (
    BindingUnsupported,
    HttpTrigger,
    Trigger,
    parse_trigger,
)

MODULE = "function_app"
FUNCTION_NAME = re.compile(r"(?!host$)[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)
ARGUMENT_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,127}")
"""Hosts up to 4.1037 refuse underscores in argument names, so this one does too."""


class AppInvalid(Exception):
    """The function app cannot be served; the message lists every reason."""


@dataclass(frozen=True)
class LoadedFunction:
    """One function of the app, ready to be invoked."""

    name: str
    argument: str
    """The parameter that receives the trigger."""
    trigger: Trigger
    binding_type: str
    handler: Callable[..., Any]
    raw_bindings: tuple[str, ...]
    """The bindings as the worker reports them to the host: one JSON text each."""

    @property
    def is_async(self) -> bool:
        """Whether the handler is a coroutine function."""
        return inspect.iscoroutinefunction(self.handler)


def load_app(folder: Path, settings: Mapping[str, str]) -> tuple[LoadedFunction, ...]:
    """Import the app with the settings as environment and return its functions, in their order.

    Raises AppInvalid; an exception of the app's own code comes through as it is.
    """
    with environment(settings), _importable(folder):
        app = _only_app(_import(folder / f"{MODULE}.py"))
        try:
            declared: list[Function] = app.get_functions()
        except ValueError as error:
            raise AppInvalid(str(error)) from error
    functions, problems = [], []
    for function in declared:
        try:
            functions.append(_understand(function, settings))
        except (BindingUnsupported, SettingMissing, ValueError) as error:
            problems.append(f"function {function.get_function_name()!r}: {error}")
    problems += _shared_routes(functions)
    if problems:
        raise AppInvalid("\n".join([f"{folder / MODULE}.py cannot be served:", *problems]))
    return tuple(functions)


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    path = str(folder.resolve())
    sys.path.insert(0, path)
    try:
        yield
    finally:
        sys.path.remove(path)


def _import(path: Path) -> ModuleType:
    if not path.is_file():
        raise AppInvalid(f"{path} does not exist: give the folder that contains {path.name}.")
    spec = importlib.util.spec_from_file_location(MODULE, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    gc.disable()  # nothing of this is garbage, and looking for some takes a fifth of the time
    try:
        spec.loader.exec_module(module)
    finally:
        gc.freeze()
        gc.enable()
    return module


def _only_app(module: ModuleType) -> FunctionRegister:
    apps = [value for value in vars(module).values() if isinstance(value, FunctionRegister)]
    if len(apps) != 1:
        raise AppInvalid(
            f"{module.__file__} has {len(apps)} top-level function apps; exactly one is needed."
        )
    return apps[0]


def _understand(function: Function, settings: Mapping[str, str]) -> LoadedFunction:
    name = function.get_function_name() or ""
    if not FUNCTION_NAME.fullmatch(name):
        raise ValueError(
            "the name must be a letter, then letters, digits, _ or -, at most 128, not host"
        )
    declared = function.get_trigger()
    assert declared is not None  # get_functions() has checked it
    trigger = parse_trigger(declared.get_dict_repr(), settings)
    _refuse_other_bindings(function, trigger)
    _refuse_retry(function)
    handler, kind = function.get_user_function(), declared.get_binding_name()
    _check_signature(handler, declared.name, kind)
    bindings = tuple(function.get_raw_bindings())
    return LoadedFunction(name, declared.name, trigger, kind, handler, bindings)


def _refuse_other_bindings(function: Function, trigger: Trigger) -> None:
    for binding in function.get_bindings():
        if binding is function.get_trigger():
            continue
        if isinstance(trigger, HttpTrigger) and (binding.type, binding.name) == ("http", "$return"):
            continue
        raise BindingUnsupported(
            f"binding {binding.name!r} ({binding.type}) is not served here; supported are one "
            "trigger and, for HTTP, the returned response"
        )


def _refuse_retry(function: Function) -> None:
    if function.get_setting("retry_policy"):
        raise BindingUnsupported(
            "@app.retry has no effect on Service Bus, Event Grid and HTTP triggers in Azure and is "
            "not served here for timers: remove it"
        )


def _check_signature(handler: Callable[..., Any], argument: str, binding_type: str) -> None:
    if not ARGUMENT_NAME.fullmatch(argument):
        raise ValueError(f"argument name {argument!r} must be letters and digits, a letter first")
    parameters = list(inspect.signature(handler).parameters)
    if parameters != [argument]:
        raise ValueError(f"the trigger fills {argument!r}, but the parameters are {parameters}")
    hint = get_type_hints(handler).get(argument)
    converter = func.get_binding_registry().get(binding_type)
    if hint is not None and not converter.check_input_type_annotation(hint):
        raise ValueError(f"{argument!r} is annotated {hint}, which {binding_type} does not deliver")


def _shared_routes(functions: list[LoadedFunction]) -> list[str]:
    taken: dict[tuple[str, str], str] = {}
    problems = []
    for function in functions:
        if not isinstance(function.trigger, HttpTrigger):
            continue
        for method in sorted(function.trigger.methods):
            route = (method, function.trigger.route.template.lower())
            owner = taken.setdefault(route, function.name)
            if owner != function.name:
                problems.append(
                    f"function {function.name!r}: {' '.join(route)} belongs to {owner!r}"
                )
    return problems
