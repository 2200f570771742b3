"""A model's service on loopback, for real agents: Anthropic's messages, OpenAI's responses and chat, Gemini's contents.

It answers by the steering words (`words.py`) and records what was put before the model. It is reached by nobody else:
bound to 127.0.0.1, at a port of the system's choosing.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from tests.contracts.words import note, steer

REPLY = "All done, mock reply."
Json = dict[str, Any]


class Asked(NamedTuple):
    """`texts` is what the person said so far, `results` how many tools' results came since. `tools` are names: who
    offers none asks for a title or the like, and is no turn."""

    texts: list[str]
    results: int
    tools: list[str]


class Refused(NamedTuple):
    code: int
    body: Json
    headers: Mapping[str, str] = {}


def texts_of(content: Any) -> list[str]:
    """The words of one message; reminders that an agent puts between them are nobody's."""
    blocks = [{"text": content}] if isinstance(content, str) else content or []
    found = [each["text"] for each in blocks if isinstance(each.get("text"), str)]
    return [text for text in found if not text.lstrip().startswith(("<system-reminder>", "<environment_context>"))]


def _since(said: Sequence[Any], is_result: Callable[[Any], bool]) -> int:
    """How many of these in a row are results, from the last one back."""
    return next((count for count, each in enumerate(reversed(said)) if not is_result(each)), len(said))


def _types(content: Any) -> list[str]:
    return [] if isinstance(content, str) else [str(each.get("type")) for each in content or []]


# --- Anthropic


def read_messages(body: Json) -> Asked:
    said = [each["content"] for each in body.get("messages", []) if each["role"] == "user"]
    texts = [text for each in said for text in texts_of(each)]
    return Asked(
        texts,
        _since(said, lambda each: "tool_result" in _types(each)),
        [each.get("name", "") for each in body.get("tools", [])],
    )


def say_message(word: str, given: str) -> Iterator[tuple[str, Json]]:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "mock", "content": []}
    usage = {"input_tokens": 5, "output_tokens": 1}
    yield "message_start", {"message": {**head, "stop_reason": None, "stop_sequence": None, "usage": usage}}
    if word == "RUN":
        block: Json = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
        text = json.dumps({"command": given, "description": "run it"})
        delta = {"type": "input_json_delta", "partial_json": text}
    else:
        block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": REPLY}
    yield "content_block_start", {"index": 0, "content_block": block}
    yield "content_block_delta", {"index": 0, "delta": delta}
    yield "content_block_stop", {"index": 0}
    reason = "tool_use" if word == "RUN" else "end_turn"
    end = {"delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 9}}
    yield "message_delta", end
    yield "message_stop", {}


def _refusal(kind: str, message: str) -> Json:
    return {"type": "error", "error": {"type": kind, "message": message}}


MESSAGES: dict[str, Refused] = {
    "RATELIMIT": Refused(429, _refusal("rate_limit_error", "over the rate limit"), {"retry-after": "3600"}),
    "AUTHFAIL": Refused(401, _refusal("authentication_error", "invalid x-api-key")),
    "OVERLOAD": Refused(529, _refusal("overloaded_error", "Overloaded")),
}


# --- OpenAI: responses


def read_responses(body: Json) -> Asked:
    given = [each for each in body.get("input", []) if each.get("role") == "user" or _is_output(each)]
    said = [each for each in given if not _is_output(each)]
    texts = [text for each in said for text in texts_of(each.get("content"))]
    names = [each.get("name") or each.get("type", "") for each in body.get("tools", [])]
    return Asked(texts, _since(given, _is_output), names)


def _is_output(item: Json) -> bool:
    return str(item.get("type", "")).endswith("_output")


def say_response(word: str, given: str, tools: Sequence[str]) -> Iterator[tuple[str, Json]]:
    yield "response.created", {"response": {"id": "resp_1", "status": "in_progress"}}
    if word == "RUN":
        name = "exec_command" if "exec_command" in tools else "shell_command"
        how = {"sandbox_permissions": "require_escalated", "justification": "Outside the sandbox?"}
        arguments = json.dumps({"cmd" if name == "exec_command" else "command": given, **how})
        item: Json = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": name, "arguments": arguments}
    else:
        content = [{"type": "output_text", "text": REPLY, "annotations": []}]
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}
    yield "response.output_item.added", {"output_index": 0, "item": item}
    yield "response.output_item.done", {"output_index": 0, "item": item}
    usage = {"input_tokens": 5, "output_tokens": 5, "total_tokens": 10}
    usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}  # type: ignore[dict-item]
    done = {"id": "resp_1", "status": "completed", "output": [item], "usage": usage}
    yield "response.completed", {"response": done}


RESPONSES: dict[str, Refused] = {
    "RATELIMIT": Refused(429, {"error": {"type": "usage_limit_reached", "message": "limit", "plan_type": "plus"}}),
    "AUTHFAIL": Refused(401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}),
}


# --- OpenAI: chat


def read_chat(body: Json) -> Asked:
    given = [each for each in body.get("messages", []) if each["role"] in ("user", "tool")]
    said = [each for each in given if each["role"] == "user"]
    results = _since(given, lambda each: each["role"] == "tool")
    names = [each.get("function", {}).get("name", "") for each in body.get("tools", [])]
    return Asked([text for each in said for text in texts_of(each["content"])], results, names)


def say_chat(word: str, given: str) -> Iterator[tuple[str, Json]]:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mock"}
    delta: Json = {"role": "assistant", "content": REPLY}
    if word == "RUN":
        call = {"name": "bash", "arguments": json.dumps({"command": given, "description": "run it"})}
        delta = {"role": "assistant", "tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": call}]}
    yield "", {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    reason = "tool_calls" if word == "RUN" else "stop"
    yield "", {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


CHAT: dict[str, Refused] = {
    "RATELIMIT": Refused(429, {"error": {"message": "Rate limit reached", "type": "rate_limit_error"}}),
    "AUTHFAIL": Refused(401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}),
}


# --- Gemini


def read_contents(body: Json) -> Asked:
    said = [each for each in body.get("contents", []) if each.get("role") == "user"]
    results = _since(said, lambda each: any("functionResponse" in part for part in each.get("parts", [])))
    tools = [each["name"] for tool in body.get("tools", []) for each in tool.get("functionDeclarations", [])]
    return Asked([text for each in said for text in texts_of(each.get("parts"))], results, tools)


def say_contents(word: str, given: str) -> Iterator[tuple[str, Json]]:
    part: Json = {"text": REPLY}
    if word == "RUN":
        part = {"functionCall": {"name": "run_shell_command", "args": {"command": given, "description": "run it"}}}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    found = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    yield "", {"candidates": [found], "usageMetadata": usage}


CONTENTS: dict[str, Refused] = {
    "RATELIMIT": Refused(429, {"error": {"code": 429, "message": "quota exceeded", "status": "RESOURCE_EXHAUSTED"}}),
    "AUTHFAIL": Refused(401, {"error": {"code": 401, "message": "API key not valid", "status": "UNAUTHENTICATED"}}),
}


# --- the service


class Api:
    """From `with` to its end; `url` is where it is."""

    def __init__(self, agent: str, record: Path) -> None:
        self.agent = agent
        self.record = record
        self.is_over = threading.Event()
        handler = type("Bound", (_Handler,), {"api": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Api:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Say = Callable[[str, str], Iterator[tuple[str, Json]]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api

    def log_message(self, *_: object) -> None: ...

    def do_HEAD(self) -> None:
        self._answer(200, {})

    def do_GET(self) -> None:
        self._answer(200, {"data": [], "models": []})

    def do_POST(self) -> None:
        body, path = self._body(), self.path.partition("?")[0]
        try:
            self._route(path, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _route(self, path: str, body: Json) -> None:
        if path.endswith("/messages"):
            self._turn(read_messages(body), MESSAGES, say_message)
        elif path.endswith("/responses"):
            asked = read_responses(body)
            self._turn(asked, RESPONSES, lambda word, given: say_response(word, given, asked.tools))
        elif path.endswith("/chat/completions"):
            self._turn(read_chat(body), CHAT, say_chat, last="[DONE]")
        elif path.endswith(":streamGenerateContent"):
            self._turn(read_contents(body), CONTENTS, say_contents)
        elif path.endswith(":generateContent"):
            self._answer(200, next(say_contents("DONE", ""))[1])
        elif path.endswith("/count_tokens"):
            self._answer(200, {"input_tokens": 10})
        else:
            self._answer(404, {"error": {"message": "no such thing here"}})

    def _turn(self, asked: Asked, refusals: Mapping[str, Refused], say: Say, last: str = "") -> None:
        is_turn = bool(asked.tools) and bool(asked.texts)
        word, given = steer(asked.texts[-1], asked.results) if is_turn else ("DONE", "")
        if is_turn and not asked.results:
            note(self.api.agent, asked.texts, str(self.api.record))
        if word in refusals:
            self._answer(*refusals[word])
            return
        self._begin_stream()
        if word == "SLOW":
            self._hold()
            return
        for name, event in say(word, given):
            self._event(name, event)
        if last:
            self.wfile.write(f"data: {last}\n\n".encode())

    def _hold(self) -> None:
        """Says nothing of use until the client is gone or we are: a comment now and then shows which."""
        while not self.api.is_over.wait(1.0):
            self.wfile.write(b": still at it\n\n")
            self.wfile.flush()

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def _event(self, name: str, event: Json) -> None:
        head = f"event: {name}\n" if name else ""
        body = {"type": name, **event} if name else event
        self.wfile.write(f"{head}data: {json.dumps(body)}\n\n".encode())
        self.wfile.flush()

    def _answer(self, code: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    def _body(self) -> Json:
        if self.headers.get("Transfer-Encoding") == "chunked":
            raw = b"".join(self._chunks())
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        try:
            said = json.loads(raw or b"{}")
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().strip() or b"0", 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
