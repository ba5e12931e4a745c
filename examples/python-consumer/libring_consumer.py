"""Serve what a libring agent holds, in Python: the standard library and nothing else."""

import base64
import http.client
import json
import threading
import time
import urllib.parse

MAX_WAIT_S = 5.0


class SessionOver(Exception):
    """The agent gave everything to others, or to another consumer: stop serving at once."""


class Refused(Exception):
    """The agent refused, and would again: the token is wrong, or another consumer is attached."""


class Consumer:
    """Calls `on_step(kind, step)` for each step, in order, and acknowledges it once that returns.

    `kind` is 'acquire', 'change' or 'release'. What `on_step` returns for the release of index 0
    (bytes, at most 1 MiB) the successor gets in step['state'], as base64. What it raises is told
    to the agent, which repeats an acquire.
    """

    def __init__(self, url, token, on_step, takeover=False):
        parts = urllib.parse.urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._headers = {"Authorization": "Bearer " + token}
        self._on_step = on_step
        self._takeover = takeover
        self._session = None
        # The last step that was received, and those done that the agent may not have heard of.
        self._last_id = 0
        self._unsent = {}
        self._stream = None
        self._timeout_s = 10.0
        # When the agent last said anything about the session.
        self._heard_at = time.monotonic()
        self._stopped = threading.Event()

    def run(self):
        """Serve until `stop`. Raises SessionOver or Refused."""
        wait_s = 0.1
        while not self._stopped.is_set():
            try:
                self._send_acks()
                for kind, event_id, step in self._events():
                    wait_s = 0.1
                    self._handle(kind, event_id, step)
            except (OSError, http.client.HTTPException):
                pass
            if self._stopped.is_set():
                return
            if self._session and time.monotonic() - self._heard_at >= self._timeout_s:
                raise SessionOver("the agent was out of reach for longer than it waits")
            self._stopped.wait(wait_s)
            wait_s = min(wait_s * 2, MAX_WAIT_S, self._timeout_s / 4)

    def stop(self):
        """Let go of everything: others take it at once."""
        self._stopped.set()
        self._cut()
        if self._session:
            self._post("/v1/partitions/detach", {"session": self._session})

    def _cut(self):
        stream = self._stream
        if stream is not None and stream.sock is not None:
            stream.sock.shutdown(2)

    def _handle(self, kind, event_id, step):
        if kind == "attached":
            self._session = step["session"]
            self._timeout_s = step["consumerTimeoutMs"] / 1000
        elif kind == "end" and step["reason"] != "resumed-elsewhere":
            raise SessionOver(step["reason"])
        elif kind in ("acquire", "change", "release"):
            # Steps come in the order of their ids: what is not above the last was dealt with.
            if event_id <= self._last_id:
                return
            self._unsent[event_id] = self._outcome_of(kind, step)
            self._last_id = event_id
            self._send_acks()

    def _outcome_of(self, kind, step):
        try:
            state = self._on_step(kind, step)
        except Exception as error:  # whatever it is, the agent is to know
            return {"error": str(error)[:1000] or type(error).__name__}
        return {} if state is None else {"state": base64.b64encode(state).decode()}

    def _send_acks(self):
        if not self._unsent:
            return
        acks = [{"id": event_id, **outcome} for event_id, outcome in self._unsent.items()]
        # One that was heard, but whose answer was lost, is unknown the second time: no harm.
        self._post("/v1/partitions/acks", {"session": self._session, "acks": acks})
        self._unsent.clear()
        self._heard_at = time.monotonic()

    def _post(self, path, body):
        connection = http.client.HTTPConnection(self._host, self._port, timeout=10)
        try:
            headers = {**self._headers, "Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(body), headers)
            self._require_ok(connection.getresponse())
        finally:
            connection.close()

    def _events(self):
        query = {"session": self._session} if self._session else {}
        if self._takeover and not self._session:
            query["takeover"] = "true"
        # The agent says something at least every five seconds.
        stream = http.client.HTTPConnection(self._host, self._port, timeout=8)
        self._stream = stream
        try:
            headers = {**self._headers, "Last-Event-ID": str(self._last_id)}
            stream.request("GET", "/v1/partitions?" + urllib.parse.urlencode(query), headers=headers)
            response = stream.getresponse()
            self._require_ok(response)
            yield from _parse(self._heard(response))
        finally:
            stream.close()

    def _heard(self, lines):
        for line in lines:
            self._heard_at = time.monotonic()
            yield line

    def _require_ok(self, response):
        if response.status < 400:
            return
        message = response.read(65536).decode(errors="replace")
        if response.status == 410:
            raise SessionOver(message)
        if response.status in (429, 503):
            raise ConnectionError(message)
        raise Refused(f"{response.status}: {message}")


def _parse(lines):
    """Server-sent events: (event, id, data)."""
    event, event_id, data = "", 0, []
    for raw in lines:
        line = raw.decode().rstrip("\r\n")
        if line == "":
            if data:
                yield event, event_id, json.loads("\n".join(data))
            event, event_id, data = "", 0, []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            event = value
        elif field == "id":
            event_id = int(value)
        elif field == "data":
            data.append(value)
