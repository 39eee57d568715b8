"""What the emulator reads of an object, and what it demands of it."""

import base64
import binascii
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from infra.local.kubernetes.status import Json


class Shape(BaseModel):
    """Part of an object; fields nobody reads are allowed and kept in the object itself."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="ignore", frozen=True, populate_by_name=True, strict=True
    )


def wrong(message: str) -> PydanticCustomError:
    """The error of a validator: the value has the right type and is refused all the same."""
    return PydanticCustomError("refused", "{why}", {"why": message})


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise wrong("illegal base64 data") from error
    return value


def _schedule(value: str) -> str:
    if not value.startswith("@") and len(value.split()) != 5:
        raise wrong("expected five fields or a descriptor such as @daily")
    return value


LabelName = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9][-a-z0-9.]{0,252}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
    ),
]
LabelValue = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
]
Base64 = Annotated[str, AfterValidator(_base64)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Count = Annotated[int, Field(ge=0)]
Labels = dict[LabelName, LabelValue]


class Owner(Shape):
    """Who an object goes away with."""

    kind: str
    name: str
    uid: str
    controller: bool = False


class Metadata(Shape):
    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: Labels = {}
    annotations: dict[LabelName, str] = {}
    finalizers: list[str] = []
    owner_references: list[Owner] = []


class Reference(Shape):
    """Names a Secret or a ConfigMap."""

    name: str = ""
    optional: bool = False


class KeyReference(Reference):
    key: str


class FieldReference(Shape):
    field_path: str


class ValueSource(Shape):
    secret_key_ref: KeyReference | None = None
    config_map_key_ref: KeyReference | None = None
    field_ref: FieldReference | None = None


class Variable(Shape):
    name: str
    value: str = ""
    value_from: ValueSource | None = None


class VariableSource(Shape):
    prefix: str = ""
    secret_ref: Reference | None = None
    config_map_ref: Reference | None = None


class Container(Shape):
    name: str
    image: str = ""
    command: list[str] = []
    args: list[str] = []
    env: list[Variable] = []
    env_from: list[VariableSource] = []
    termination_message_policy: Literal["File", "FallbackToLogsOnError"] = "File"


class PodSpec(Shape):
    containers: Annotated[list[Container], Field(min_length=1)]
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always"


class TemplateMetadata(Shape):
    labels: Labels = {}
    annotations: dict[LabelName, str] = {}


class Template(Shape):
    metadata: TemplateMetadata = TemplateMetadata()
    spec: PodSpec


class LabelSelector(Shape):
    match_labels: Labels = {}
    match_expressions: list[Json] = []


class WorkloadSpec(Shape):
    """A Deployment's or a StatefulSet's."""

    replicas: Count = 1
    selector: LabelSelector
    template: Template
    progress_deadline_seconds: Count = 600

    def model_post_init(self, _context: Any) -> None:
        wanted = self.selector.match_labels
        if not wanted and not self.selector.match_expressions:
            raise wrong("selector: Required value")
        if not wanted.items() <= self.template.metadata.labels.items():
            raise wrong("`selector` does not match template `labels`")


class JobSpec(Shape):
    parallelism: Count = 1
    completions: Count = 1
    backoff_limit: Count = 6
    active_deadline_seconds: Count | None = None
    ttl_seconds_after_finished: Count | None = None
    suspend: bool = False
    template: Template

    def model_post_init(self, _context: Any) -> None:
        if self.template.spec.restart_policy == "Always":
            raise wrong('template.spec.restartPolicy: supported values: "OnFailure", "Never"')


class JobTemplate(Shape):
    metadata: TemplateMetadata = TemplateMetadata()
    spec: JobSpec


class CronJobSpec(Shape):
    schedule: Schedule
    suspend: bool = False
    job_template: JobTemplate


class DefinedNames(Shape):
    plural: str
    kind: str
    short_names: list[str] = []


class DefinedVersion(Shape):
    name: str
    subresources: Json = {}


class DefinitionSpec(Shape):
    group: str
    scope: Literal["Namespaced", "Cluster"]
    names: DefinedNames
    versions: Annotated[list[DefinedVersion], Field(min_length=1)]


class Anything(Shape):
    """What every object has."""

    metadata: Metadata
    status: Json = {}

    @classmethod
    def of(cls, obj: Json) -> Self:
        return cls.model_validate(obj)


class Plain(Anything):
    """A kind of which the inside is not read."""

    spec: Json = {}


class ConfigMap(Anything):
    data: dict[str, str] = {}
    binary_data: dict[str, Base64] = {}


class Secret(Anything):
    data: dict[str, Base64] = {}
    string_data: dict[str, str] = {}


class Pod(Anything):
    spec: PodSpec


class Workload(Anything):
    spec: WorkloadSpec


class Job(Anything):
    spec: JobSpec


class CronJob(Anything):
    spec: CronJobSpec


class Definition(Anything):
    spec: DefinitionSpec


SHAPES: dict[str, type[Anything]] = {
    "ConfigMap": ConfigMap,
    "CronJob": CronJob,
    "CustomResourceDefinition": Definition,
    "Deployment": Workload,
    "Job": Job,
    "Pod": Pod,
    "Secret": Secret,
    "StatefulSet": Workload,
}
