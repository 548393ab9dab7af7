# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a condition, never for an amount of time."""

import asyncio
import time

# How often a condition is looked at. This is the one place of the tests that sleeps.
INTERVAL = 0.02


async def until(condition, what, within=10.0):
    """Returns the first true value of `condition()`; fails after `within` seconds, saying `what`."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}")
        await asyncio.sleep(INTERVAL)


def until_blocking(condition, what, within=10.0):
    """The same for code outside an event loop."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}")
        time.sleep(INTERVAL)
