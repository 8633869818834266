"""The sound of a film: the part of the song that it uses and, if wished, what its clips sound like
underneath, as what FFmpeg is told. Everything is counted in samples from the song's own start, so
that sound and cuts have one clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from beatstitch.documents import digest
from beatstitch.render.command import Command, Input, Output
from beatstitch.render.plan import Plan, Showing
from beatstitch.render.profile import SONG_SAMPLE_RATE, Profile

SONG_FILE, CLIP_FILE = "song.mp4", "clip.s16"
# Goes up when another proof is made of the same song, or another PCM of the same file.
SONG_PROOF = 3
# FFmpeg would take 3 dB off a single channel that becomes two.
BOTH_SIDES = "pan=stereo|c0=c0|c1=c0"
# A click is heard where sound begins or ends at once; a hundredth of a second hides it.
DECLICK_SAMPLES = SONG_SAMPLE_RATE // 100
# The song steps back for clips that are louder than about -30 dBFS, by up to three quarters of
# what they are above it, and comes back within half a second: pauses in speech don't pump.
DUCK = "sidechaincompress=threshold=0.03:ratio=4:attack=20:release=500"
# EBU R 128 s1 asks for a true peak of -1 dBTP, but between samples and after AAC a song gets louder
# than what was encoded: of 17 brought to -14 LUFS two were still above with two decibels to spare.
# They are encoded again with as many less and a little more, and as much louder as they came out
# too soft. alimiter goes down to a sixteenth.
MOST_PEAK_DBTP, LIMIT_DB, SPARE_DB = -1.0, -2.0, 0.1
LEAST_LIMIT = 0.0625
# atempo takes half to hundredfold; slow motion below half is done in steps.
SLOWEST_TEMPO = Fraction(1, 2)
# atempo works in windows of at least a 24th of a second, a power of two; it begins with the middle
# of the first one, and so is early by a quarter of it before and a quarter of it after stretching.
TEMPO_WINDOW_SAMPLES = 2048


@dataclass(frozen=True, slots=True)
class ClipSound:
    """What one showing of a clip sounds like: `samples` from `first_sample` of the film on, taken
    from `start_us` of the file at `speed`; it rises and falls over the transitions at its ends."""

    key: str
    content: str
    demuxer: str
    stream: int
    start_us: int
    speed: Fraction
    first_sample: int
    samples: int
    rise_samples: int
    fall_samples: int
    is_mono: bool = False


@dataclass(frozen=True, slots=True)
class Sound:
    """The whole sound of a film. `clips_gain_db` says how loud `clips` are beside the song."""

    pcm_key: str
    start_us: int
    samples: int
    fade_out_samples: int
    bitrate: str
    loudness_lufs: int | None
    clips: tuple[ClipSound, ...] = ()
    clips_gain_db: float = 0.0

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand: the song's PCM, and clips that are heard."""
        return tuple(dict.fromkeys((self.pcm_key, *(clip.key for clip in self.clips))))

    @property
    def duration_s(self) -> float:
        """The length of the film."""
        return self.samples / SONG_SAMPLE_RATE


def sound_of(
    film: Plan,
    pcm_key: str,
    *,
    fade_out_ms: int,
    shown: Iterable[Showing] = (),
    clips_gain_db: float = 0.0,
) -> Sound:
    """The sound as long as the film's picture. What is `shown` is heard under the song, if it has
    a sound."""
    samples = _sample(film.frames, film.profile)
    return Sound(
        pcm_key=pcm_key,
        start_us=film.song_start_us,
        samples=samples,
        fade_out_samples=min(samples, fade_out_ms * SONG_SAMPLE_RATE // 1000),
        bitrate=film.profile.audio_bitrate,
        loudness_lufs=film.profile.loudness_lufs,
        clips=tuple(_clips(shown, film.profile)),
        clips_gain_db=clips_gain_db,
    )


def sound_key(sound: Sound, pcm_checksum: str, fingerprint: str) -> str:
    """The name of the encoded song in the cache: a hash of all that it is made of."""
    commands = [song_command(sound, gain_db=0.0), *(clip_command(clip) for clip in sound.clips)]
    return digest(
        {
            "proof": SONG_PROOF,
            "fingerprint": fingerprint,
            "song": pcm_checksum,
            "loudness": sound.loudness_lufs,
            "clips": [
                [c.content, c.first_sample, c.samples, c.rise_samples, c.fall_samples]
                for c in sound.clips
            ],
            "commands": [
                [
                    [[i.demuxer, list(i.options)] for i in command.inputs],
                    list(command.options),
                    [list(output.options) for output in command.outputs],
                ]
                for command in commands
            ],
        }
    )


def clip_command(clip: ClipSound) -> Command:
    """One clip's sound as raw 16-bit stereo, exactly as long as it is heard. Sound that begins
    late or breaks off is silence there."""
    needed_s = clip.samples * clip.speed / SONG_SAMPLE_RATE + 1
    seek = ("-ss", _seconds(clip.start_us), "-t", f"{float(needed_s):.6f}")
    chain = [BOTH_SIDES] if clip.is_mono else []
    chain += [f"aresample={SONG_SAMPLE_RATE}:async=1:first_pts=0", *_tempo(clip.speed)]
    chain += [f"apad=whole_len={clip.samples}", f"atrim=end_sample={clip.samples}"]
    return Command(
        inputs=(Input(clip.key, clip.demuxer, ("-threads", "1", *seek)),),
        options=("-filter_threads", "1"),
        outputs=(
            Output(
                (
                    *("-map", f"0:{clip.stream}", "-af", ",".join(chain)),
                    *("-ac", "2", "-ar", str(SONG_SAMPLE_RATE), "-f", "s16le"),
                ),
                CLIP_FILE,
            ),
        ),
    )


def song_command(
    sound: Sound, *, gain_db: float, limit_db: float = LIMIT_DB, bed_key: str = "bed"
) -> Command:
    """The encoded song, from its PCM and, where clips are heard, from a bed of their sound; where
    it is brought to a loudness, no sample that is encoded is above the limit."""
    loud = ""
    if sound.loudness_lufs is not None:
        loud = f",volume={gain_db:.2f}dB,{_limited(limit_db)}"
    return Command(
        inputs=_song_inputs(sound, bed_key),
        options=("-filter_threads", "1", "-filter_complex_threads", "1"),
        outputs=(
            Output(
                (
                    *("-filter_complex", f"{_mix(sound)}{loud}[out]", "-map", "[out]"),
                    *("-c:a", "aac", "-b:a", sound.bitrate),
                    *("-ar", str(SONG_SAMPLE_RATE), "-ac", "2", "-map_metadata", "-1"),
                    *("-fflags", "+bitexact", "-flags", "+bitexact", "-f", "mp4"),
                ),
                SONG_FILE,
            ),
        ),
    )


def heard_command(song_key: str, windows_s: Sequence[tuple[float, float]]) -> Command:
    """What is heard of the encoded song in each of these windows, a start and a length, as raw
    16-bit stereo."""
    return Command(
        inputs=(Input(song_key, "mov", ("-threads", "1")),),
        options=("-filter_threads", "1"),
        outputs=tuple(
            Output(
                (
                    *("-map", "0:a:0", "-af", f"atrim=start={start_s:.6f}:duration={length_s:.6f}"),
                    *("-ac", "2", "-ar", str(SONG_SAMPLE_RATE), "-f", "s16le"),
                ),
                f"heard{number}.s16",
            )
            for number, (start_s, length_s) in enumerate(windows_s)
        ),
    )


def loudness_command(sound: Sound, *, bed_key: str = "bed") -> Command:
    """What the sound is measured with before any gain: its integrated loudness and the peak of its
    samples so far, every tenth of a second, on standard output (ITU-R BS.1770; FFmpeg's filter
    ebur128)."""
    say = f"ebur128=peak=sample:metadata=1,{_said('I', 'sample_peaks_ch0', 'sample_peaks_ch1')}"
    return Command(
        inputs=_song_inputs(sound, bed_key),
        options=("-filter_complex", f"{_mix(sound)},{say}[out]", "-map", "[out]", "-f", "null"),
        outputs=(Output((), "-"),),
    )


def level_command(song_key: str) -> Command:
    """The integrated loudness and the true peak of the encoded song so far, every tenth of a
    second, on standard output, full scale being 1 (ITU-R BS.1770; FFmpeg's filter ebur128)."""
    say = f"ebur128=peak=true:metadata=1,{_said('I', 'true_peaks_ch0', 'true_peaks_ch1')}"
    return Command(
        inputs=(Input(song_key, "mov", ("-threads", "1")),),
        options=("-filter_threads", "1"),
        outputs=(Output(("-map", "0:a:0", "-af", say, "-f", "null"), "-"),),
    )


def _said(*measures: str) -> str:
    """The filters that print these of what ebur128 measures."""
    return ",".join(
        f"ametadata=mode=print:key=lavfi.r128.{measure}:file=pipe\\\\:1" for measure in measures
    )


def _limited(limit_db: float) -> str:
    """No sample above that. It looks 5 ms ahead and is told to give them back, or the song would
    be late."""
    limit = max(LEAST_LIMIT, 10 ** (limit_db / 20))
    return f"alimiter=limit={limit:.4f}:level=disabled:latency=1"


def _song_inputs(sound: Sound, bed_key: str) -> tuple[Input, ...]:
    song = Input(sound.pcm_key, "wav", ())
    return (song, Input(bed_key, "wav", ())) if sound.clips else (song,)


def _mix(sound: Sound) -> str:
    """The song cut to the sample and as long as the picture, over the clips, faded out."""
    start = round(Fraction(sound.start_us, 1_000_000) * SONG_SAMPLE_RATE)
    chain = [f"atrim=start_sample={start}", "asetpts=PTS-STARTPTS"]
    chain += [f"apad=whole_len={sound.samples}", f"atrim=end_sample={sound.samples}"]
    graph = f"[0:a:0]{','.join(chain)}"
    if sound.clips:
        graph += (
            f"[song];[1:a:0]volume={sound.clips_gain_db:.2f}dB,asplit[bed][key];"
            f"[song][key]{DUCK}[ducked];[ducked][bed]amix=inputs=2:normalize=0:duration=first"
        )
    if sound.fade_out_samples:
        first = sound.samples - sound.fade_out_samples
        graph += f",afade=t=out:ss={first}:ns={sound.fade_out_samples}"
    return graph


def _clips(shown: Iterable[Showing], profile: Profile) -> Iterator[ClipSound]:
    for showing in shown:
        source = showing.layer.source
        if source.sound is None:
            continue
        first, end, rise, fall = (
            _sample(frame, profile)
            for frame in (
                showing.first_frame,
                showing.end_frame,
                showing.rise_frames,
                showing.fall_frames,
            )
        )
        yield ClipSound(
            key=source.key,
            content=source.content,
            demuxer=source.demuxer,
            stream=source.sound,
            start_us=showing.layer.start_us,
            speed=showing.layer.speed,
            first_sample=first,
            samples=end - first,
            rise_samples=min(max(DECLICK_SAMPLES, rise), end - first),
            fall_samples=min(max(DECLICK_SAMPLES, fall), end - first),
            is_mono=source.is_mono,
        )


def _tempo(speed: Fraction) -> Iterator[str]:
    """The chain that plays at this speed and keeps the pitch; what it is early by is given back,
    for at half speed that is a frame, and at a quarter three."""
    while speed != 1:
        step = max(speed, SLOWEST_TEMPO)
        early = round(TEMPO_WINDOW_SAMPLES * (1 + 1 / step) / 4)
        yield f"atempo={float(step):.6f},adelay={early}S:all=1"
        speed /= step


def _sample(frame: int, profile: Profile) -> int:
    return round(frame / profile.frame_rate * SONG_SAMPLE_RATE)


def _seconds(time_us: int) -> str:
    return f"{time_us / 1_000_000:.6f}"
