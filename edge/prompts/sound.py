"""Speech as audio: pydub imported in one place, cut to the speech, brought to one loudness."""

from __future__ import annotations  # array[int] is a type for checkers alone

import warnings
from array import array
from collections.abc import Callable

with warnings.catch_warnings():
    # pydub looks for ffmpeg when it is imported, which only sets its warning off (we read wav
    # alone), and takes audioop, which Python 3.11 calls deprecated (3.13: package audioop-lts).
    warnings.simplefilter("ignore")
    import audioop

    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

from edge.prompts.resample import resample

__all__ = [
    "AudioSegment",
    "at_rate",
    "audioop",
    "cut_to_sound",
    "cut_to_speech",
    "levelled",
    "levelled_speech",
    "limited",
    "pcm",
    "segment",
]

SPEECH_RMS_DBFS = -20.0
"""Root mean square over a whole prompt, as loud as the prompts that come with Asterisk."""
PEAK_DBFS = -3.5
"""The ceiling before coding; G.711 and G.722 may add a fraction of a decibel, promised is -3."""
SPEECH_PEAK_DBFS = -6.5
"""Of speech, so that it can be lifted over the music by 6 dB; coded it is promised to be -6."""
LEVELLINGS = 5
"""The peaks taken off cost loudness; so often at most it is made up for."""
LEVEL_ERROR_DB = 0.05
LIMITER_AHEAD_MS = 8
SILENT_BELOW_PEAK_DB = 40.0
MUSIC_ENDS_BELOW_PEAK_DB = 60.0
EDGE_MS = 25
"""Quiet kept before and after the speech, so that weak consonants are not cut."""


def segment(samples: array[int], rate: int) -> AudioSegment:
    """One channel of 16-bit samples at `rate` Hz as a pydub segment."""
    return AudioSegment(samples.tobytes(), sample_width=2, frame_rate=rate, channels=1)


def pcm(audio: AudioSegment) -> array[int]:
    """The segment's 16-bit samples; it has one channel."""
    return array("h", audio.raw_data)


def at_rate(audio: AudioSegment, rate: int) -> AudioSegment:
    """The same sound at `rate` Hz, one channel, 16 bit.

    Filtered, unlike pydub's own set_frame_rate, whose aliases hiss at 8 kHz.
    """
    mono = audio.set_channels(1).set_sample_width(2)
    if mono.frame_rate == rate:
        return mono
    return segment(resample(pcm(mono), mono.frame_rate, rate), rate)


def cut_to_speech(audio: AudioSegment) -> AudioSegment:
    """Without the silence at both ends, but for 25 ms; raises ValueError when all is silent."""
    if audio.max == 0:
        raise ValueError("nothing but silence")
    quiet_below = audio.max_dBFS - SILENT_BELOW_PEAK_DB
    lead = detect_leading_silence(audio, quiet_below, chunk_size=5)
    tail = detect_leading_silence(audio.reverse(), quiet_below, chunk_size=5)
    cut = audio[max(0, lead - EDGE_MS) : min(len(audio), len(audio) - tail + EDGE_MS)]
    return cut.fade_in(5).fade_out(10)


def cut_to_sound(audio: AudioSegment) -> AudioSegment:
    """Music without the silence at both ends, which would be a gap each time round; what fades
    away stays. The 5 ms in which it comes and goes keep the seam from clicking."""
    quiet_below = audio.max_dBFS - MUSIC_ENDS_BELOW_PEAK_DB
    lead = detect_leading_silence(audio, quiet_below, chunk_size=5)
    tail = detect_leading_silence(audio.reverse(), quiet_below, chunk_size=5)
    return audio[lead : len(audio) - tail].fade_in(5).fade_out(5)


def levelled(audio: AudioSegment, rms_dbfs: float = SPEECH_RMS_DBFS) -> AudioSegment:
    """Brought to `rms_dbfs` over its whole length, or to a peak of -3.5 dBFS if that is less."""
    return audio.apply_gain(min(rms_dbfs - audio.dBFS, PEAK_DBFS - audio.max_dBFS))


def levelled_speech(audio: AudioSegment) -> AudioSegment:
    """Brought to -20 dBFS (RMS over its whole length) with its peaks limited to -6.5 dBFS."""
    for _ in range(LEVELLINGS):
        audio = limited(audio.apply_gain(SPEECH_RMS_DBFS - audio.dBFS), SPEECH_PEAK_DBFS)
        if abs(audio.dBFS - SPEECH_RMS_DBFS) < LEVEL_ERROR_DB:
            break
    return audio


def limited(audio: AudioSegment, peak_dbfs: float) -> AudioSegment:
    """The peaks above `peak_dbfs` taken down to it. The gain moves over some milliseconds before
    and after each, not in steps: nothing clicks, and what is below is as it was."""
    samples, block = pcm(audio), audio.frame_rate // 1000
    ceiling = 32768.0 * 10.0 ** (peak_dbfs / 20)
    needed = [
        min(1.0, ceiling / max(1, max(samples[at : at + block]), -min(samples[at : at + block])))
        for at in range(0, len(samples), block)
    ]
    if all(gain == 1.0 for gain in needed):
        return audio
    # Lowest over a little more than the mean is taken of: so no mean is above what is needed there.
    low = _over(needed, LIMITER_AHEAD_MS + 1, min)
    mean = _over(low, LIMITER_AHEAD_MS, lambda gains: sum(gains) / len(gains))
    out = array("h")
    for index, sample in enumerate(samples):
        at, within = divmod(index, block)
        after = mean[min(at + 1, len(mean) - 1)]
        gain = mean[at] + (after - mean[at]) * within / block
        out.append(round(sample * gain))
    return segment(out, audio.frame_rate)


def _over(gains: list[float], around: int, function: Callable[[list[float]], float]) -> list[float]:
    """The function of each and its neighbours on both sides."""
    return [function(gains[max(0, at - around) : at + around + 1]) for at in range(len(gains))]
