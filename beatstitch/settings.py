"""What a deployment may change: a field is an environment variable, its default and its sentence.

Values come from the environment and, in development, from a `.env` file beside the process. The
command line's help, `docs/settings.md` and the tests read the fields of `Settings`.
"""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from beatstitch.errors import Invalid

RATE = r"^[1-9]\d{0,8}/[1-9]\d{0,8}$"
Rate = Annotated[str, Field(pattern=RATE)]
"""A rate as a setting: how many / in how many seconds."""
ORIGIN = r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::\d{1,5})?"
"""An origin as a browser sends it (RFC 6454, 6.2): lower case, without a path."""


class Settings(BaseSettings):
    """The settings in force. Raises pydantic's ValidationError for a value that can't be used."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    storage_path: Path = Field(
        default_factory=lambda: user_data_path("beatstitch"),
        validation_alias="STORAGE_PATH",
        description="The data folder: uploads, derived files, outputs and the SQLite database.",
    )
    database_url: str = Field(
        default="",
        validation_alias="DATABASE_URL",
        description="The database, as sqlite:////absolute/path.db or "
        "postgresql://user:password@host/name; empty: a SQLite file in the data folder.",
    )
    secret_key: str = Field(
        default="",
        validation_alias="SECRET_KEY",
        description="What tokens are signed with: at least 32 characters that nobody else knows. "
        "`beatstitch serve` refuses to start without it.",
    )
    access_token_expire_hours: float = Field(
        default=24,
        gt=0,
        le=24 * 366,
        validation_alias="ACCESS_TOKEN_EXPIRE_HOURS",
        description="How long a login lasts.",
    )
    registration: Literal["open", "closed"] = Field(
        default="open",
        validation_alias="BEATSTITCH_REGISTRATION",
        description="Whether anybody may register; closed leaves that to the administrator.",
    )
    cors_origins: str = Field(
        default="",
        validation_alias="CORS_ORIGINS",
        description="Whose pages may call the API from a browser, as https://host or "
        "https://host:port, separated by commas; empty: only our own.",
    )
    debug: bool = Field(
        default=False,
        validation_alias="DEBUG",
        description="For development: everything is logged and a fault of ours is shown. "
        "`beatstitch serve` then answers this machine alone.",
    )
    max_upload_size: PositiveInt = Field(
        default=2 * 1000**3,
        validation_alias="MAX_UPLOAD_SIZE",
        description="How many bytes one upload may have; caps the limits of every kind of file.",
    )
    max_image_bytes: PositiveInt = Field(
        default=50 * 1000**2,
        validation_alias="BEATSTITCH_MAX_IMAGE_BYTES",
        description="How many bytes a photo may have.",
    )
    max_video_bytes: PositiveInt = Field(
        default=2 * 1000**3,
        validation_alias="BEATSTITCH_MAX_VIDEO_BYTES",
        description="How many bytes a clip may have.",
    )
    max_audio_bytes: PositiveInt = Field(
        default=500 * 1000**2,
        validation_alias="BEATSTITCH_MAX_AUDIO_BYTES",
        description="How many bytes a song may have.",
    )
    projects_per_user: NonNegativeInt = Field(
        default=20,
        validation_alias="BEATSTITCH_PROJECTS_PER_USER",
        description="How many projects a user may have, unless `flask users limits` says another.",
    )
    media_per_user: NonNegativeInt = Field(
        default=1000,
        validation_alias="BEATSTITCH_MEDIA_PER_USER",
        description="How many photos and clips a user may have in all projects together.",
    )
    bytes_per_user: NonNegativeInt = Field(
        default=50 * 1000**3,
        validation_alias="BEATSTITCH_BYTES_PER_USER",
        description="How many bytes of uploads and films a user may have.",
    )
    disk_floor_bytes: NonNegativeInt = Field(
        default=1000**3,
        validation_alias="BEATSTITCH_DISK_FLOOR_BYTES",
        description="Uploads are refused when they would leave less than this free on the disk.",
    )
    accel: str = Field(
        default="",
        pattern=r"^(/[A-Za-z0-9_-]+)*/$|^$",
        validation_alias="BEATSTITCH_ACCEL",
        description="Where an nginx in front of the server has the data folder as an `internal` "
        "location, as /_files/: it then sends the files itself (X-Accel-Redirect).",
    )
    rate_auth: Rate = Field(
        default="10/60",
        validation_alias="BEATSTITCH_RATE_AUTH",
        description="Registrations and logins from one address: how many in how many seconds.",
    )
    rate_upload: Rate = Field(
        default="10/60",
        validation_alias="BEATSTITCH_RATE_UPLOAD",
        description="Uploads of one user: how many in how many seconds.",
    )
    rate_resumable: Rate = Field(
        default="60/60",
        validation_alias="BEATSTITCH_RATE_RESUMABLE",
        description="Uploads in pieces that one user begins: how many in how many seconds. "
        "Their pieces are not counted.",
    )
    rate_analyse: Rate = Field(
        default="10/60",
        validation_alias="BEATSTITCH_RATE_ANALYSE",
        description="Analyses and timelines that one user asks for: how many in how many seconds.",
    )
    rate_render: Rate = Field(
        default="5/300",
        validation_alias="BEATSTITCH_RATE_RENDER",
        description="Renders that one user asks for: how many in how many seconds.",
    )
    rate_read: Rate = Field(
        default="1200/60",
        validation_alias="BEATSTITCH_RATE_READ",
        description="Requests of one user that only read: how many in how many seconds.",
    )
    rate_write: Rate = Field(
        default="100/60",
        validation_alias="BEATSTITCH_RATE_WRITE",
        description="All other requests of one user: how many in how many seconds.",
    )
    light_slots: int = Field(
        default=2,
        ge=1,
        le=64,
        validation_alias="BEATSTITCH_LIGHT_SLOTS",
        description="How many light jobs (probing, timelines, joins) one worker runs at once.",
    )
    heavy_slots: int = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)),
        ge=1,
        le=256,
        validation_alias="BEATSTITCH_HEAVY_SLOTS",
        description="How many heavy jobs (encoding, beat analysis) one worker runs at once.",
    )
    job_time_factor: float = Field(
        default=1.0,
        ge=0.1,
        le=100,
        validation_alias="BEATSTITCH_JOB_TIME_FACTOR",
        description="Multiplies every job's time limits; more than 1 on a slow machine.",
    )
    worker_grace_s: NonNegativeFloat = Field(
        default=20.0,
        validation_alias="BEATSTITCH_WORKER_GRACE_S",
        description="How long a worker that is told to stop lets its jobs finish before it puts "
        "them back into the queue.",
    )
    keep_jobs_days: NonNegativeInt = Field(
        default=7,
        validation_alias="BEATSTITCH_KEEP_JOBS_DAYS",
        description="How many days a job that has ended can still be looked at.",
    )
    keep_previews_hours: NonNegativeFloat = Field(
        default=24,
        validation_alias="BEATSTITCH_KEEP_PREVIEWS_HOURS",
        description="How many hours a preview can be downloaded.",
    )
    keep_finals_days: NonNegativeFloat = Field(
        default=7,
        validation_alias="BEATSTITCH_KEEP_FINALS_DAYS",
        description="How many days a finished film can be downloaded.",
    )
    keep_cache_days: NonNegativeFloat = Field(
        default=7,
        validation_alias="BEATSTITCH_KEEP_CACHE_DAYS",
        description="How many days after its last use a rendered chunk or a proxy is kept.",
    )
    keep_audit_days: PositiveInt = Field(
        default=90,
        validation_alias="BEATSTITCH_KEEP_AUDIT_DAYS",
        description="How many days the audit log goes back.",
    )
    cache_path: Path = Field(
        default_factory=lambda: user_cache_path("beatstitch"),
        validation_alias="BEATSTITCH_CACHE",
        description="Where `beatstitch make` keeps rendered chunks between runs.",
    )
    cache_bytes: NonNegativeInt = Field(
        default=10 * 1000**3,
        validation_alias="BEATSTITCH_CACHE_BYTES",
        description="How large that cache may grow; the least recently used goes first.",
    )
    beat_detector: Literal["auto", "madmom", "librosa"] = Field(
        default="auto",
        validation_alias="BEATSTITCH_BEAT_DETECTOR",
        description="Which detector hears the beats; auto is madmom, or librosa without it.",
    )
    sandbox: Literal["auto", "off"] = Field(
        default="auto",
        validation_alias="BEATSTITCH_SANDBOX",
        description="auto runs FFmpeg in bubblewrap where it works; off only under limits.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO",
        validation_alias="BEATSTITCH_LOG_LEVEL",
        description="The least severe log line that is written.",
    )

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, given: str) -> str:
        for origin in _parted(given):
            if not re.fullmatch(ORIGIN, origin):
                raise ValueError(
                    f"{origin} is no origin; write it as a browser does, https://host or "
                    "https://host:port, and name each one"
                )
        return given

    def origins(self) -> tuple[str, ...]:
        """The origins of `cors_origins`, one by one."""
        return _parted(self.cors_origins)

    def database(self) -> str:
        """The URL of the database in force."""
        if self.database_url:
            return self.database_url
        return f"sqlite:///{(self.storage_path / 'beatstitch.db').absolute()}"


def _parted(given: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in given.split(","))))


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once. Raises Invalid naming the variable at fault."""
    try:
        return Settings()
    except RuntimeError as homeless:
        raise Invalid(
            "no_home",
            "You have no home folder to keep anything in: set HOME, or both STORAGE_PATH and "
            "BEATSTITCH_CACHE.",
        ) from homeless
    except ValidationError as refused:
        first = refused.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "environment"
        raise Invalid("bad_setting", f"{name}: {first['msg']}.", where=(name,)) from refused
