"""Prefect's automations that tell people of a night: made, changed and removed as `alerts` in params.yaml says.

`make serve` sets them up. Where a work pool is used: ``python -m flows.schedule.alerts``, with PREFECT_API_URL.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from flows.project.alerts import AlertSettings, Receiver, read_alerts
from flows.project.environment import prepare
from flows.project.errors import sentence_of
from flows.project.paths import project_root

if TYPE_CHECKING:
    from prefect.blocks.core import Block
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.events.actions import ActionTypes

PREFIX = "mtl-health"
"""Begins the names of our automations and blocks: what has it and is not wanted any more is removed."""
TAG = "mtl-health"
"""Tag of the deployments whose runs are watched."""


def set_up(root: Path) -> list[str]:
    """Bring the server's automations in line with params.yaml, and say what stands now, a line each.

    Raises:
        SettingsError: if the block is at fault; nothing is changed then.
    """
    settings = read_alerts(root)
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        actions, said = dict[str, tuple[Receiver, UUID]](), list[str]()
        for name, receiver in settings.to.items():
            block, fault = _block_of(client, name, receiver)
            if fault:
                said.append(f"alerts.to.{name}: {fault}")
            if block is not None:
                actions[name] = (receiver, block)
        n = _set_automations(client, settings, actions)
        _remove_blocks(client, settings)
    if not settings.to:
        return [*said, "alerts: nobody is told of a night, for params.yaml has no `alerts` (docs/operations.md)"]
    told = ", ".join(actions) or "nobody"
    return [*said, f"alerts: {told} is told of {', '.join(settings.kinds)} by {n} automations of Prefect"]


def _block_of(client: SyncPrefectClient, name: str, receiver: Receiver) -> tuple[UUID | None, str]:
    """The block that reaches a receiver, made or changed if it is ours, and what is wrong with it."""
    from prefect.exceptions import ObjectNotFound

    slug, document = receiver.block.split("/") if receiver.block else (_SLUGS[receiver.type], f"{PREFIX}-{name}")
    url = os.environ.get(receiver.url_from, "") if receiver.url_from else ""
    if url:
        block = made_block(receiver.type, url)
        if block is None:
            like = f"{_LIKE[receiver.type]}: it is told nothing"
            return None, f"{receiver.url_from} holds no URL that Prefect's block {slug} takes, which are like {like}"
        return cast(UUID, block.save(document, overwrite=True)), ""
    try:
        found = client.read_block_document_by_name(document, slug).id
    except ObjectNotFound:
        found = None
    if receiver.block:
        return found, "" if found else f"Prefect has no block {receiver.block}: make it in its pages, under Blocks"
    kept = "the URL of the last start is used" if found else "it is told nothing"
    return found, f"the environment has no {receiver.url_from}: {kept}"


_SLUGS = {"webhook": "webhook", "slack": "slack-webhook", "teams": "ms-teams-webhook"}


_LIKE = {
    "webhook": "https://HOST/PATH",
    "slack": "https://hooks.slack.com/services/A/B/C",
    "teams": "https://HOST.logic.azure.com/workflows/ID/triggers/manual/paths/invoke?...&sig=S, a workflow's",
}


def made_block(kind: str, url: str) -> Block | None:
    """A block of a type for a URL, not saved yet; None where it could reach nobody by that URL."""
    from prefect.blocks.notifications import MicrosoftTeamsWebhook, SlackWebhook
    from prefect.blocks.webhook import Webhook

    if kind == "webhook":
        headers = {"Content-Type": "application/json"}
        return Webhook(url=url, headers=headers) if url.startswith(("http://", "https://")) else None  # type: ignore[arg-type]
    made = SlackWebhook if kind == "slack" else MicrosoftTeamsWebhook
    try:
        block = made(url=url)  # type: ignore[arg-type]
    except ValueError:
        return None
    # of a URL that it does not know Apprise takes nobody to tell, without a word
    return block if len(block._apprise_client) else None


def _set_automations(
    client: SyncPrefectClient, settings: AlertSettings, receivers: dict[str, tuple[Receiver, UUID]]
) -> int:
    """Make what is missing, change what is different, remove what is left over; the number that stands then."""
    from prefect.events.schemas.automations import AutomationCore

    from flows.schedule.automations import wanted

    def actions(texts: dict[str, str]) -> list[ActionTypes]:
        return [_action(receiver, block, texts) for receiver, block in receivers.values()]

    automations = {each.name: each for each in wanted(settings, actions)} if receivers else {}
    for found in client.read_automations():
        if not found.name.startswith(f"{PREFIX}: "):
            continue
        new = automations.pop(found.name, None)
        if new is None:
            client.delete_automation(found.id)
            continue
        # who switched it off in the pages meant it; only what was set is sent, and the server needs all of it
        new = AutomationCore.model_validate({**new.model_dump(exclude={"owner_resource"}), "enabled": found.enabled})
        if AutomationCore.model_validate(found.model_dump()).model_dump() != new.model_dump():
            client.update_automation(found.id, new)
    for new in automations.values():
        client.create_automation(new)
    return sum(each.name.startswith(f"{PREFIX}: ") for each in client.read_automations())


def _action(receiver: Receiver, block: UUID, texts: dict[str, str]) -> Any:
    """How a receiver is told: a webhook gets all parts of a message as JSON, the others a subject and a text."""
    from prefect.events.actions import CallWebhook, SendNotification

    is_webhook = receiver.block.startswith("webhook/") if receiver.block else receiver.type == "webhook"
    if is_webhook:
        payload = ", ".join(f'"{name}": {{{{ ({text}) | tojson }}}}' for name, text in texts.items())
        return CallWebhook(block_document_id=block, payload=f"{{{payload}}}")
    # with a single line end Teams shows one long line
    body = f"{{{{ {texts['cause']} }}}}\n\nNext: {{{{ {texts['next']} }}}}\n\nLook: {{{{ {texts['link']} }}}}"
    return SendNotification(block_document_id=block, subject=f"{{{{ {texts['subject']} }}}}", body=body)


def _remove_blocks(client: SyncPrefectClient, settings: AlertSettings) -> None:
    """Remove blocks that we made for receivers who are gone, or are reached in another way now."""
    kept = {(_SLUGS[each.type], f"{PREFIX}-{name}") for name, each in settings.to.items() if each.url_from}
    for document in client.read_block_documents(limit=200):
        slug = document.block_type.slug if document.block_type else ""
        if (document.name or "").startswith(f"{PREFIX}-") and (slug, document.name) not in kept:
            client.delete_block_document(document.id)


def main() -> None:
    """Set up at the server that PREFECT_API_URL names; an error is one sentence and status 1."""
    try:
        root = project_root()
        prepare(root)
        if not os.environ.get("PREFECT_API_URL"):
            raise ValueError(
                "name the server: PREFECT_API_URL=http://127.0.0.1:4200/api python -m flows.schedule.alerts"
            )
        for line in set_up(root):
            print(line)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {sentence_of(error)}")


if __name__ == "__main__":
    main()
