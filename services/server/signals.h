#pragma once

// The signals that end the server.

namespace dealog::server {

// Blocks SIGTERM and SIGINT in this thread and those it will make; call before the first. Ignores
// SIGPIPE: a closed stdout or socket is an error, not the end.
void BlockSignals();

// Waits for one of them; returns its number.
int WaitForSignal();

// Sends SIGTERM to this process: WaitForSignal returns. From any thread.
void RequestStop();

}  // namespace dealog::server
