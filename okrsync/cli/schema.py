"""`okrsync schema`."""

from __future__ import annotations

import json

import click

from okrsync.cli import options
from okrsync.errors import ExitCode


@click.command(cls=options.Command)
@click.argument("kind", type=click.Choice(["project", "goals", "connector"]))
def schema(kind: str) -> int:
    """Print the JSON Schema of a kind of file, for editors.

    `project` is okrsync.yaml, `goals` a file below goals/, `connector` a YAML file in connectors/.
    """
    from pydantic import BaseModel

    from okrsync.connect.declared.grammar import ConnectorFile
    from okrsync.okrs.schema import GoalsFile, ProjectFile

    models: dict[str, type[BaseModel]] = {"project": ProjectFile, "goals": GoalsFile, "connector": ConnectorFile}
    said = {"$schema": "https://json-schema.org/draft/2020-12/schema", **models[kind].model_json_schema()}
    click.echo(json.dumps(said, indent=2, ensure_ascii=False, default=str))
    return ExitCode.OK
