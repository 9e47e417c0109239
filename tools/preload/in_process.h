// The monitor thread of a program that was started with LD_PRELOAD alone, without `detect run`.
//
// Context: hot (StartInProcessMonitor is called by pthread_create), monitor (the rest).
#pragma once

namespace detect::preload {

// Starts the monitor the first time it is called, unless somebody observes from outside. Until the
// program makes a thread of its own there is none of ours.
void StartInProcessMonitor();

// Allows the above: called once, when recording is on and nobody observes from outside.
void AllowInProcessMonitor();

// Forgets the parent's monitor, whose thread this child does not have.
void ForgetMonitorInChild();

// Looks a last time and writes the report, at the end of the program.
void FinishInProcessMonitor();

}  // namespace detect::preload
