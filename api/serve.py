"""``qtems serve``, ``worker`` and ``password``: the server, its long work, and a way in when nobody can sign in."""

import argparse
import errno
import gc
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from api.cache import cache_dir
from api.exit_codes import ExitCode
from api.process import Terminated, keep_files_private, listen_on
from twin.errors import Refused

if TYPE_CHECKING:
    from api.parser import Commands
    from api.services import Services
    from api.settings import Settings
    from twin.store.database import Database

SERVE_HELP = """\
Every setting is an option here or an environment variable; options win.

  QTEMS_DATA_DIR       everything that is given no other place (default ./qtems-data)
  QTEMS_DATABASE_URL   sqlite:///FILE (default), postgresql://USER:PASSWORD@HOST/NAME
  QTEMS_BLOB_URL       file:///FOLDER (default), s3://BUCKET/FOLDER with AWS_ENDPOINT_URL,
                       AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (pip install 'qtems[s3]')
  QTEMS_QUEUE_URL      sqlite:///FILE (default), redis://HOST
  QTEMS_BASE_URL       how browsers reach it: https://quality.example.com; https makes cookies secure
  QTEMS_TRUSTED_PROXIES  addresses of reverse proxies whose X-Forwarded-For is believed
  QTEMS_MAIL_URL       mail server for letters to each person concerned: mailtos://USER:PASSWORD@HOST?from=qtems@HOST
  QTEMS_LANGUAGE       of letters to people who chose none, and of channels: en (default) or zh
  QTEMS_NOTIFY_URLS    channels that get all news, apprise's addresses: msteams://…, mailtos://…?to=…, one a line
  QTEMS_WEBHOOK_URL, _WEBHOOK_SECRET  a program that gets all news as signed POSTs
  QTEMS_WEBHOOK_PRIVATE  true when that program stands in your own network (10.*, 192.168.*, localhost)
  QTEMS_AUDIT_ANCHORS, _AUDIT_KEY     file and key for signed heads of the audit trail, daily (qtems audit --help)
  QTEMS_OIDC_ISSUER, _CLIENT_ID, _CLIENT_SECRET  the company's sign-in, see docs/operations.md

apart, on as many machines as you like, with the same database, blobs, queue and secret key:
  qtems serve --no-worker        the interface alone
  qtems worker                   the long work alone

The first start makes an administrator and prints a one-time password, this once; qtems password LOGIN gives a new one.
Ctrl-C or SIGTERM ends all of it.
"""
_WORKER_STOPS_IN_S = 30
_LOG = logging.getLogger("qtems.serve")


def add_commands(add: "Commands") -> None:
    """Add the server's commands to the command line."""
    serve = add.add_parser(
        "serve",
        help="serve records and reports, and the viewer where it has been built",
        description="Serves the interface, and the viewer where it has been built, and does the long work.",
        epilog=SERVE_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1: this machine alone)")
    serve.add_argument("--port", type=int, help="port to listen on (default 8080)")
    serve.add_argument("--base-url", metavar="URL", help="how browsers reach it, when not by host and port")
    serve.add_argument("--no-worker", action="store_true", help="leave the long work to qtems worker")
    add_places(serve)
    worker = add.add_parser(
        "worker",
        help="do the long work of a server",
        description="Does the checks, imports and notifications that a server has queued; any number may run.",
        epilog=SERVE_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    password = add.add_parser(
        "password",
        help="give an account of the server a one-time password",
        description="Gives an account a one-time password, for when no administrator can sign in any more.",
        allow_abbrev=False,
    )
    password.add_argument("login", metavar="LOGIN", help="of the account")
    add_places(password)
    worker.add_argument("--threads", metavar="N", type=int, default=1, help="jobs at a time (default 1)")
    worker.add_argument("--while-stdin-is-open", action="store_true", help=argparse.SUPPRESS)
    add_places(worker)


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where a server keeps things."""
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="holds what has no other place")
    parser.add_argument("--database-url", metavar="URL", help="sqlite:///FILE or postgresql://USER@HOST/NAME")
    parser.add_argument("--blob-url", metavar="URL", help="file:///FOLDER or s3://BUCKET/FOLDER")
    parser.add_argument("--queue-url", metavar="URL", help="sqlite:///FILE or redis://HOST")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def run_serve(arguments: argparse.Namespace) -> int:
    """Run ``qtems serve`` until Ctrl-C or SIGTERM; both are its orderly end."""
    _begin_log()
    keep_files_private()
    from api.outside import require_outside

    settings, listener = _listen(arguments)
    require_outside(settings)
    database = _ready_database(settings)
    with listener:
        services = _ready_services(settings, database)
        _first_run(settings, database)
        worker = None if arguments.no_worker else WorkerProcess(_environment(settings))
        try:
            with suppress(KeyboardInterrupt, Terminated):  # how a server is meant to end; what follows is its end
                if worker:
                    worker.start()
                print(f"qtems {version('qtems')} at {settings.base_url} (data in {settings.data_dir})", flush=True)
                _serve(services, listener)
        finally:
            if worker:
                worker.stop()
            database.close()
    print("qtems: stopped", flush=True)
    return ExitCode.CONFORMS


def run_worker(arguments: argparse.Namespace) -> int:
    """Run ``qtems worker`` until Ctrl-C or SIGTERM; what it was doing is handed back."""
    from api.outside import deliver_of, ledger_of, mailing_of
    from api.services import utc_now
    from twin.jobs.queue import open_queue
    from twin.jobs.worker import Worker
    from twin.operations.job_kinds import job_kinds
    from twin.operations.upkeep import upkeep

    _begin_log()
    keep_files_private()
    settings = settings_of(arguments)
    database = _ready_database(settings)
    services = _ready_services(settings, database)
    store, blobs = services.store, services.blobs
    worker = Worker(store, blobs, job_kinds(cache_dir(), services.key))
    if arguments.while_stdin_is_open:
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    _LOG.info("worker %s is ready", worker.name)
    try:
        with suppress(KeyboardInterrupt, Terminated):  # how a worker is meant to end: the queue has handed back its job
            chores = upkeep(
                store, blobs, utc_now, deliver=deliver_of(settings), mailing=mailing_of(settings),
                ledger=ledger_of(settings),
            )  # fmt: skip
            open_queue(settings.queue_url).serve(worker, threads=arguments.threads, periodic=chores)
    finally:
        database.close()
    return ExitCode.CONFORMS


def run_password(arguments: argparse.Namespace) -> int:
    """Run ``qtems password``: who may read the server's database may open every account of it anyway."""
    from api.auth.passwords import Argon2
    from api.services import new_secret, utc_now
    from twin.account import SYSTEM_ACTOR
    from twin.operations.accounts import find_user, reset_password
    from twin.store.repository import Context, Store

    keep_files_private()
    database = _ready_database(settings_of(arguments))
    store = Store(database)
    with store.read() as view:
        user = find_user(view, arguments.login).record
    context = Context(SYSTEM_ACTOR, utc_now(), origin="command line")
    made = reset_password(store, context, Argon2(), new_secret, user.id)
    print(f"One-time password of {user.login}, shown this once:  {made.password}", flush=True)
    database.close()
    return ExitCode.CONFORMS


class WorkerProcess:
    """The worker beside the server: started again if it dies, ended with the server, however that ends."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Prepare; :meth:`start` starts it."""
        self._environment = environment
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watch = threading.Thread(target=self._keep_alive, name="worker", daemon=True)

    def start(self) -> None:
        """Start it."""
        self._watch.start()

    def stop(self) -> None:
        """Ask it to end; it hands back what it does. One that does not end is killed: its jobs survive that too."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(_WORKER_STOPS_IN_S)
            except subprocess.TimeoutExpired:
                process.kill()
        self._watch.join(timeout=5)

    def _keep_alive(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.start", "worker", "--while-stdin-is-open"],
                stdin=subprocess.PIPE,
                env=dict(self._environment),
                start_new_session=True,  # Ctrl-C is for the server, which ends the worker in its turn
            )
            status = self._process.wait()
            if not self._stopping.is_set():
                _LOG.error("the worker ended with status %d; it is started again in %.0f s", status, pause)
                self._stopping.wait(pause)
                pause = min(2 * pause, 60.0)


def settings_of(arguments: argparse.Namespace, **more: object) -> "Settings":
    """Return the settings: options before environment variables before defaults."""
    from api.settings import load_settings

    names = ("host", "port", "base_url", "data_dir", "database_url", "blob_url", "queue_url")
    given = {name: getattr(arguments, name, None) for name in names}
    return load_settings(os.environ, **{**given, **more})


def _listen(arguments: argparse.Namespace) -> "tuple[Settings, socket.socket]":
    """Take the port before anything else; port 0 takes a free one."""
    settings = settings_of(arguments)
    try:
        listener = listen_on(settings.host, settings.port)
    except OSError as error:
        raise Refused(_no_port(error, settings.host, settings.port)) from error
    if settings.port == 0:
        settings = settings_of(arguments, port=listener.getsockname()[1])
    return settings, listener


def _no_port(error: OSError, host: str, port: int) -> str:
    """Return why nothing can listen there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken by another program: choose another --port, or end that program"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} needs more rights than you have: choose a --port above 1023"
    return f"this machine cannot listen at {host}, port {port} ({error.strerror}): choose another --host"


def _ready_database(settings: "Settings") -> "Database":
    """Open the database and bring it up to this version."""
    from twin.store.database import open_database, require_reachable
    from twin.store.upgrade import upgrade

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database_url)
    require_reachable(database)
    upgrade(database)
    return database


def _ready_services(settings: "Settings", database: "Database") -> "Services":
    """Open everything that the settings name, and see that files can be kept, before anything is promised."""
    from api.services import open_services

    services = open_services(settings, database)
    told = services.blobs.trouble()
    if told:
        raise Refused(f"files cannot be kept in {settings.blob_url}: {told}. Check QTEMS_BLOB_URL and that it runs")
    return services


def _first_run(settings: "Settings", database: "Database") -> None:
    """Make the first administrator and show the one-time password where only the person at the console sees it."""
    from api.auth.passwords import Argon2
    from api.services import new_secret, utc_now
    from twin.operations.accounts import begin
    from twin.store.repository import Store

    first = begin(Store(database), utc_now(), Argon2(), new_secret)
    if first is not None:
        print(f"First start. {way_in(settings)} as: {first.user.record.login}")
        print(f"One-time password, shown this once:  {first.password}", flush=True)


def way_in(settings: "Settings") -> str:
    """Return where the first sign-in is done: in the viewer, or by a request where it was not built."""
    if settings.static_dir is not None and (settings.static_dir / "index.html").is_file():
        return f"Sign in at {settings.base_url}"
    return f"Without a viewer (make viewer), sign in with POST {settings.base_url}/api/v1/auth/sign-in"


def _serve(services: "Services", listener: socket.socket) -> None:
    import uvicorn

    from api.app import create_app
    from api.web_server import Server

    settings = services.settings
    config = uvicorn.Config(
        create_app(settings, services),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=10,
    )
    config.load()
    gc.collect()
    gc.freeze()  # what serves every request is looked through once, not while somebody waits
    Server(config, services.ending).run(sockets=[listener])


def _environment(settings: "Settings") -> dict[str, str]:
    """Return the environment that gives another process the same settings."""
    given = {
        "QTEMS_DATA_DIR": str(settings.data_dir),
        "QTEMS_DATABASE_URL": settings.database_url,
        "QTEMS_BLOB_URL": settings.blob_url,
        "QTEMS_QUEUE_URL": settings.queue_url,
    }
    return {**os.environ, **given}


def _begin_log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    for chatty in ("alembic", "huey", "httpx", "httpx2", "botocore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _end_with_parent() -> None:
    """End when the server is gone, also when it had no time to say so."""
    import signal

    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
