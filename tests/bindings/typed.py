# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What programs do with libdbr, for mypy to look at. Nobody runs it."""

import asyncio

import gi
gi.require_version('Dbr', '1')
from gi.repository import Dbr, Gio, GLib


def wait(client: Dbr.Client) -> str:
    try:
        reply = client.call_sync('org.example.Player', '/', 'org.example.Player', 'Play', ('a',), '(s)')
    except GLib.Error as error:
        return Dbr.Error.explain(error) if error.matches(Dbr.Error.DEADLINE) else str(error)
    track: str = Dbr.unpack(reply)[0]
    return track


@Dbr.with_timeout('play', timeout_ms=500, device='a')
async def play(client: Dbr.Client, volume: int) -> GLib.Variant:
    await client.write_property('org.example.Player', '/', 'org.example.Player', 'Volume', volume)
    proxy: Dbr.Proxy = await client.get_proxy('org.example.Player', '/', 'org.example.Player')
    return await asyncio.wait_for(proxy.call('Play', timeout_ms=100), 1)


@Dbr.retrying(Dbr.RetryPolicy.new_preset('patient'), idempotent=True)
def count(pool: Dbr.Pool) -> int:
    with pool.acquire() as lease, Dbr.deadline(100):
        connection = lease.get_connection()
        assert connection is not None and not connection.is_closed()
    return pool.get_stats().get_leased()


class Wake(Dbr.RecoveryStage):
    def do_perform(self, attempt: Dbr.RecoveryAttempt) -> None:
        attempt.succeed()


async def hear(client: Dbr.Client, pool: Dbr.Pool) -> list[str]:
    subscription = Dbr.Subscription.new(client, 'org.example.Player', None, None, None, None,
                                        Dbr.SubscriptionFlags.NONE)
    subscription.connect('received', print)
    members: list[str] = []
    async with pool.acquire() as lease:
        call = Dbr.Call(bus_name='org.example.Player', object_path='/', method_name='Play',
                        interface_name='org.example.Player', lease=lease)
        await client.run(call)
        lease.release()
    async for signal in subscription:
        members.append(signal.member)
    operation, ms = client.get_timeouts().lookup('org.example.Player', 'Play')
    return [*members, operation, str(ms), *await client.list_names(False)]


async def main() -> None:
    client = Dbr.Client.new(Gio.BusType.SESSION)
    metrics = client.get_metrics() or Dbr.Metrics.get_default()
    client.props.max_in_flight = 4
    with metrics.timed('main'):
        policy = Dbr.RetryPolicy.new()
        reply: GLib.Variant = await policy.call(play, client, volume=3)
        is_next, delay_ms = policy.begin(100, False).next(Dbr.Failure.NOT_DELIVERED)
    for issue in metrics.get_issues():
        print(issue, reply, is_next, delay_ms + 1, wait(client))
