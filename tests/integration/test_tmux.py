"""Integration: the door to tmux on a real server, one private server a test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.control import Detached, NoServer, TmuxRefused, TmuxTimeout
from supervisor.panes import Pane
from supervisor.processes import identify, is_alive, send
from supervisor.server import ExitSeen, Server
from supervisor.tmux import Tmux
from supervisor.watcher import Watcher
from tests.waiting import eventually as eventually_true

pytestmark = [pytest.mark.tmux, pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")]

SESSION = "board-1"
RECORD = """
import json, os, sys
said = {"argv": sys.argv[2:], "cwd": os.getcwd(), "pid": os.getpid(), "env": os.environ.get("GIVEN")}
with open(sys.argv[1], "w") as file:
    json.dump(said, file)
"""
HARD = [
    *("plain", "two words", "", "'", '"', "$HOME", "${HOME}", "`id`", "$(id)", "a$", "*", "!", "é 漢 🦀"),
    *(";", "a;", "\\;", "a\\", "\\\\;", "~", "~/x", "#", "#{pane_id}", "#(id)", "##", "%if", "{", "}", "a{b"),
    *("line\nbreak", "\n", "\r\t\x1b[31m\x7f", "-x", "--", "=", "a=b"),
]


@contextlib.asynccontextmanager
async def server_on(socket: str) -> AsyncIterator[tuple[Tmux, Server]]:
    tmux = Tmux(socket)
    tmux.ensure_server_and_session(SESSION, "/")
    server = await tmux.connect(SESSION)
    try:
        yield tmux, server
    finally:
        await server.close()


async def eventually(holds: Callable[[], Awaitable[bool]], within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not await holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0.002)


async def start(server: Server, pane: Pane, *argv: str, cwd: str = "/", **env: str) -> int:
    return await server.respawn(pane.id, argv, env, cwd, {"@crewboard_attempt": "task.1.1"})


async def ended(pid: int) -> None:
    """Until the process has ended, as a supervisor learns it: through its pidfd."""
    process = identify(pid)
    told = asyncio.Event()
    with contextlib.closing(Watcher()) as watcher:
        if process is not None:
            watcher.watch(process, lambda _: told.set())
            await asyncio.wait_for(told.wait(), 5)


class TestServer:
    def test_ensuring_twice_is_harmless(self, tmux_socket: str) -> None:
        """The second call finds the same server and session, and makes no window."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (tmux, server):
                assert tmux.ensure_server_and_session(SESSION, "/") == server.id
                assert tmux.ensure_server_and_session("board-10", "/") == server.id
                assert [pane.session for pane in await server.panes()] == [SESSION, "board-10"]
                assert [pane.session for pane in await server.panes(SESSION)] == [SESSION]

        asyncio.run(scene())

    def test_its_version(self, tmux_socket: str) -> None:
        """The version is known without a server."""
        version = Tmux(tmux_socket).version()
        assert version is None or version >= (3, 2)

    def test_no_server_is_said_so(self, tmux_socket: str) -> None:
        """Without a server no call answers "nothing", and none starts one. Kills: leaving out either `-N`."""
        tmux = Tmux(tmux_socket)
        for command in (["list-panes", "-a"], ["new-session", "-d"]):
            with pytest.raises(NoServer):
                tmux.run(*command)
        with pytest.raises(NoServer):
            asyncio.run(tmux.connect(SESSION))
        tmux.kill_server()

    @pytest.mark.parametrize("socket", ["default", "", "../x", "/tmp/x", "a b"])
    def test_a_persons_own_server_is_out_of_reach(self, socket: str) -> None:
        """Only a socket with a plain name that is not tmux's own can be named at all."""
        with pytest.raises(ValueError, match="socket"):
            Tmux(socket)

    def test_no_such_session(self, tmux_socket: str) -> None:
        """A session is found by its whole name, and a refused client is never taken for a connected one.

        Kills: leaving out the `=`; speaking to the server before the client is attached.
        """

        async def scene() -> None:
            async with server_on(tmux_socket) as (tmux, _):
                for _ in range(50):
                    with pytest.raises(TmuxRefused, match="can't find session"):
                        await tmux.connect(SESSION[:-1])

        asyncio.run(scene())

    def test_an_outer_worker_does_not_leak_in(self, tmux_socket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A supervisor that runs inside another one's worker does not hand that worker's mark to its own.

        Kills: passing our whole environment to the server.
        """
        monkeypatch.setenv("CREWBOARD_ATTEMPT", "outer.1.1")
        monkeypatch.setenv("BOARD_CLAIM", "outer")
        monkeypatch.setenv("TMUX", "/outer,1,0")
        tmux = Tmux(tmux_socket)
        tmux.ensure_server_and_session(SESSION, "/")
        names = [line.partition("=")[0] for line in tmux.run("show-environment", "-g").splitlines()]
        assert "PATH" in names
        assert not {"CREWBOARD_ATTEMPT", "BOARD_CLAIM", "TMUX"} & set(names)

    def test_attaching(self, tmux_socket: str) -> None:
        """A person is led to the window that was named, on our socket and no other."""
        argv = Tmux(tmux_socket).attach_argv(SESSION, "@3")
        assert argv[argv.index("-L") + 1] == tmux_socket
        assert argv[-1] == f"={SESSION}:@3"


class TestServerGone:
    @pytest.mark.parametrize("how", ["killed", "asked", "session"])
    def test_every_call_says_so(self, tmux_socket: str, how: str) -> None:
        """However the server ends: the client knows at once, and from then on every call raises NoServer.

        Kills: answering an ended client's calls with an empty list.
        """

        async def scene() -> float:
            async with server_on(tmux_socket) as (tmux, server):
                began = time.monotonic()
                match how:
                    case "killed":
                        send(server.id, signal.SIGKILL)
                    case "asked":
                        tmux.kill_server()
                    case _:
                        tmux.run("kill-session", "-t", f"={SESSION}")
                await asyncio.wait_for(server.control.closed.wait(), 2)
                took = time.monotonic() - began
                for call in (server.panes, lambda: server.exit_of("%0"), lambda: server.capture("%0")):
                    with pytest.raises(NoServer):
                        await call()
                return took

        assert asyncio.run(scene()) < 0.5

    def test_a_question_under_way_is_answered_too(self, tmux_socket: str) -> None:
        """Who waits for an answer when the server dies learns of it, and does not wait for the time-out."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                send(server.id, signal.SIGSTOP)
                waiting = asyncio.create_task(server.panes())
                asyncio.get_running_loop().call_later(0.05, send, server.id, signal.SIGKILL)
                with pytest.raises(NoServer):
                    await asyncio.wait_for(waiting, 1)

        asyncio.run(scene())

    def test_a_client_that_ends_alone_is_no_dead_server(self, tmux_socket: str) -> None:
        """A person who detaches our client has not killed fifty workers. Kills: NoServer for every ended client."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (tmux, server):
                tmux.run("detach-client", "-s", f"={SESSION}")
                await asyncio.wait_for(server.control.closed.wait(), 2)
                with pytest.raises(Detached):
                    await server.panes()
                again = await tmux.connect(SESSION)
                assert again.id == server.id
                await again.close()

        asyncio.run(scene())

    def test_a_stopped_server_times_out(self, tmux_socket: str) -> None:
        """A server that hangs is a time-out by both ways, and its late answers are not taken for later questions'.

        Kills: dropping a timed-out question from the queue of those that are owed an answer.
        """

        async def scene() -> None:
            async with server_on(tmux_socket) as (tmux, server):
                send(server.id, signal.SIGSTOP)
                try:
                    began = time.monotonic()
                    with pytest.raises(TmuxTimeout):
                        await server.panes()
                    assert 1.9 < time.monotonic() - began < 8
                    with pytest.raises(TmuxTimeout):
                        tmux.run("display-message", "-p", "x", timeout=0.2)
                finally:
                    send(server.id, signal.SIGCONT)
                assert await server.control.call("display-message", "-p", "mine") == ["mine"]

        asyncio.run(scene())


class TestControl:
    @pytest.mark.parametrize("by", ["call", "run"])
    def test_arguments_arrive_as_they_are(self, tmux_socket: str, by: str) -> None:
        """Nothing in an argument means anything to tmux's parser. Kills: quoting without `$`, `~`, `;` or newlines."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (tmux, server):
                for text in HARD:
                    if by == "call":
                        await server.control.call("set-option", "-g", "--", "@text", text)
                    else:
                        tmux.run("set-option", "-g", "--", "@text", text)
                    seen = await server.control.call("show-options", "-gv", "@text")
                    assert "\n".join(seen) == text

        asyncio.run(scene())

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), max_size=6))
    def test_any_argument_arrives(self, one_server: Callable[..., list[str]], texts: list[str]) -> None:
        """What holds for the hard cases holds for all text."""
        assert one_server(texts) == texts

    @pytest.fixture
    def one_server(self, tmux_socket: str) -> Callable[..., list[str]]:
        Tmux(tmux_socket).ensure_server_and_session(SESSION, "/")

        def there_and_back(texts: list[str]) -> list[str]:
            async def scene() -> list[str]:
                server = await Tmux(tmux_socket).connect(SESSION)
                try:
                    sets = [["set-option", "-g", "--", f"@text{at}", text] for at, text in enumerate(texts)]
                    gets = [["show-options", "-gv", f"@text{at}"] for at in range(len(texts))]
                    replies = await server.control.together(*sets, *gets) if texts else []
                    return ["\n".join(lines) for lines in replies[len(texts) :]]
                finally:
                    await server.close()

            return asyncio.run(scene())

        return there_and_back

    def test_questions_at_the_same_time(self, tmux_socket: str) -> None:
        """Each of many questions at once gets its own answer, errors too."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                asked = [server.control.call("display-message", "-p", str(number)) for number in range(100)]
                asked.insert(50, server.control.call("kill-window", "-t", "@99"))
                answers = await asyncio.gather(*asked, return_exceptions=True)
                assert isinstance(answers.pop(50), TmuxRefused)
                assert answers == [[str(number)] for number in range(100)]

        asyncio.run(scene())

    def test_an_error_ends_the_line(self, tmux_socket: str) -> None:
        """After the first refusal nothing in the same line is carried out, and the next line is answered as itself."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                option = ["set-option", "-g", "@done", "yes"]
                with pytest.raises(TmuxRefused, match="@99"):
                    await server.control.together(["kill-window", "-t", "@99"], option, option)
                assert await server.control.call("display-message", "-p", "[#{@done}]") == ["[]"]

        asyncio.run(scene())


class TestWindows:
    def test_one_window_a_name(self, tmux_socket: str) -> None:
        """A window is made once, at rest, and found again, by ten callers at the same time too.

        Kills: leaving out `-S`.
        """

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                opened = await asyncio.gather(*(server.open_window(SESSION, "task", "/") for _ in range(10)))
                assert {pane.id for pane in opened} == {opened[0].id}
                assert all(pane.is_dead for pane in opened)
                assert len(await server.panes()) == 2
                await start(server, opened[0], "sleep", "60")
                again = await server.open_window(SESSION, "task", "/")
                assert (again.id, again.is_dead, again.mark) == (opened[0].id, False, "task.1.1")
                await server.close_window(again.window_id)
                assert [pane.window_name for pane in await server.panes()] == ["(crewboard)"]

        asyncio.run(scene())

    def test_names_stay(self, tmux_socket: str) -> None:
        """A worker cannot rename its window, and a name that tmux would write otherwise is refused."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                pane = await server.open_window(SESSION, "task", "/")
                await start(server, pane, "sh", "-c", "printf '\\033kother\\033\\\\done'; exec sleep 60")
                await eventually(lambda: has_text(server, pane.id, "done"))
                assert (await server.panes())[-1].window_name == "task"
                with pytest.raises(ValueError, match="window name"):
                    await server.open_window(SESSION, "a b", "/")

        asyncio.run(scene())

    def test_two_hundred_panes_in_one_call(self, tmux_socket: str) -> None:
        """Every pane is told of, with its mark and its process, in one reply."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                window = ("new-window", "-d", "-t", f"={SESSION}:", "-n", "many words", "--", "/usr/bin/env", "true")
                await server.control.together(*[window] * 200)
                pane = await server.open_window(SESSION, "task", "/")
                pid = await start(server, pane, "sleep", "60")
                panes = await server.panes()
                assert len(panes) == 202
                assert [each.window_name for each in panes].count("many words") == 200
                assert panes[-1].process == identify(pid)
                assert panes[-1].mark == "task.1.1"

        asyncio.run(scene())


async def has_text(server: Server, pane_id: str, text: str) -> bool:
    return text in await server.capture(pane_id)


class TestRespawn:
    def test_argv_and_environment_arrive_as_they_are(self, tmux_socket: str, tmp_path: Path) -> None:
        """The worker is the pane's own process and gets exactly our arguments, environment and folder.

        Kills: a shell in between; the folder as a format.
        """
        folder = tmp_path / "a #{pane_id} #(id) ##[x] $HOME ;"
        folder.mkdir()

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                pane = await server.open_window(SESSION, "task", "/")
                for at, value in enumerate(["x" * 100_000, *HARD]):
                    record = tmp_path / f"{at}.json"
                    argv = [sys.executable, "-c", RECORD, str(record), *HARD, value]
                    pid = await start(server, pane, *argv, cwd=str(folder), GIVEN=value)
                    await ended(pid)
                    said = json.loads(record.read_text())
                    assert said == {"argv": [*HARD, value], "cwd": str(folder), "pid": pid, "env": value}
                    assert await server.exit_of(pane.id) == ExitSeen(has_ended=True, status=0)

        asyncio.run(scene())

    def test_a_single_word_is_no_shell_command(self, tmux_socket: str) -> None:
        """One argument is a program's name, with its spaces; a missing program is told apart from exit 1."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                pane = await server.open_window(SESSION, "task", "/")
                await ended(await start(server, pane, "exit 3"))
                assert await server.exit_of(pane.id) == ExitSeen(has_ended=True, status=127)

        asyncio.run(scene())

    def test_what_cannot_start_is_refused(self, tmux_socket: str, tmp_path: Path) -> None:
        """Nothing runs in the home folder because its own is gone, and nothing of another meaning is run.

        Kills: leaving the folder to tmux.
        """

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                pane = await server.open_window(SESSION, "task", "/")
                with pytest.raises(TmuxRefused, match="no such folder"):
                    await start(server, pane, "true", cwd=str(tmp_path / "gone"))
                for argv in ([], ["A=b", "true"]):
                    with pytest.raises(ValueError, match="program"):
                        await start(server, pane, *argv)
                with pytest.raises(ValueError, match="variable"):
                    await server.respawn(pane.id, ["true"], {"A=B": "c"}, "/", {})
                assert (await server.panes())[-1].mark is None

        asyncio.run(scene())

    def test_of_two_that_race_one_wins(self, tmux_socket: str) -> None:
        """The pane is the lock: over 20 rounds each has one winner, and the mark on the pane is the winner's.

        Kills: `respawn-pane -k`; setting the options before the start.
        """

        async def attempt(server: Server, pane_id: str, mark: str) -> str | None:
            try:
                await server.respawn(pane_id, ["sleep", "60"], {}, "/", {"@crewboard_attempt": mark})
            except TmuxRefused:
                return None
            return mark

        async def scene() -> None:
            async with server_on(tmux_socket) as (tmux, one):
                other = await tmux.connect(SESSION)
                for number in range(20):
                    pane = await one.open_window(SESSION, f"task-{number}", "/")
                    won = await asyncio.gather(attempt(other, pane.id, "a.1.1"), attempt(one, pane.id, "b.1.1"))
                    [winner] = filter(None, won)
                    assert [each.mark for each in await one.panes() if each.id == pane.id] == [winner]
                await other.close()

        asyncio.run(scene())


class TestExits:
    def test_a_status_and_a_running_worker(self, tmux_socket: str) -> None:
        """Exit 7 is 7, and neither it nor anything else is said of the next worker while that runs."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                pane = await server.open_window(SESSION, "task", "/")
                await ended(await start(server, pane, "sh", "-c", "exit 7"))
                assert await server.exit_of(pane.id) == ExitSeen(has_ended=True, status=7)
                await start(server, pane, "sleep", "60")
                assert await server.exit_of(pane.id) == ExitSeen(has_ended=False)
                running = (await server.panes())[-1]
                assert (running.is_dead, running.exit_status, running.exit_signal) == (False, None, None)

        asyncio.run(scene())

    def test_a_hundred_kills(self, tmux_socket: str) -> None:
        """Every kill is signal 9: none is lost, and none is ever an exit 0.

        Kills: 0 for what tmux leaves empty; leaving out the nudge (a tmux with libutempter then loses 1 to 26 in 100).
        """

        async def scene() -> list[ExitSeen]:
            async with server_on(tmux_socket) as (_, server):
                pane = await server.open_window(SESSION, "task", "/")
                seen = []
                for _ in range(100):
                    pid = await start(server, pane, "sleep", "60")
                    os.kill(pid, signal.SIGKILL)
                    await ended(pid)
                    seen.append(await server.exit_of(pane.id))
                return seen

        assert set(asyncio.run(scene())) == {ExitSeen(True, None, 9)}

    def test_a_pane_that_is_gone(self, tmux_socket: str) -> None:
        """Of a closed window nothing is said but that it cannot be found; the session outlives its last task.

        Kills: asking by display-message.
        """

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                pane = await server.open_window(SESSION, "task", "/")
                await server.close_window(pane.window_id)
                for call in (server.exit_of(pane.id), server.capture(pane.id), start(server, pane, "true")):
                    with pytest.raises(TmuxRefused, match="can't find"):
                        await call
                assert len(await server.panes()) == 1

        asyncio.run(scene())

    def test_a_worker_without_its_terminal_lives(self, tmux_socket: str) -> None:
        """A pane that is dead to tmux may have a living process. Kills: taking `pane_dead` for a death."""

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                pane = await server.open_window(SESSION, "task", "/")
                pid = await start(server, pane, "sh", "-c", "trap '' HUP; exec sleep 60 <&- >&- 2>&-")
                await eventually(lambda: is_dead_to_tmux(server, pane.id))
                assert await server.exit_of(pane.id) == ExitSeen(has_ended=False)
                os.kill(pid, signal.SIGKILL)
                await ended(pid)
                assert await server.exit_of(pane.id) == ExitSeen(True, None, 9)

        asyncio.run(scene())


async def is_dead_to_tmux(server: Server, pane_id: str) -> bool:
    return next(pane.is_dead for pane in await server.panes() if pane.id == pane_id)


class TestCapture:
    def test_wrapped_lines_are_joined(self, tmux_socket: str) -> None:
        """A token that the terminal broke over two lines is whole again, and what scrolled away is there.

        Kills: leaving out `-J`; leaving out `-S`.
        """
        token = "x" * 500

        async def scene() -> None:
            async with server_on(tmux_socket) as (_, server):
                pane = await server.open_window(SESSION, "task", "/")
                await start(server, pane, "sh", "-c", f"echo first; echo {token}; seq 200; echo last; exec sleep 60")
                await eventually(lambda: has_text(server, pane.id, "last"))
                lines = (await server.capture(pane.id)).splitlines()
                assert token in lines
                assert "first" in lines
                assert "first" not in await server.capture(pane.id, history=False)

        asyncio.run(scene())


def test_a_killed_supervisor_takes_its_client_along(tmux_socket: str, tmp_path: Path) -> None:
    """A client that outlived us would keep a server from ever ending. Mutant: no PR_SET_PDEATHSIG."""
    program = f"""
import asyncio, os, signal
from supervisor.tmux import Tmux
async def main():
    tmux = Tmux({tmux_socket!r})
    tmux.ensure_server_and_session("s", {str(tmp_path)!r})
    server = await tmux.connect("s")
    print(server.control._client.pid, server.id.pid, flush=True)
    for _ in range(200):
        asyncio.ensure_future(server.control.call("list-panes", "-a", "-F", "x" * 9000))
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    client, server = (identify(int(pid)) for pid in done.stdout.split())
    assert done.returncode == -signal.SIGKILL
    assert server is not None
    eventually_true(lambda: client is None or is_alive(client) is False, 5, "the client is gone")
    Tmux(tmux_socket).kill_server()
    eventually_true(lambda: is_alive(server) is False, 5, "the server ends when it is told to")
