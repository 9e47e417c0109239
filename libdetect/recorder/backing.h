// The memory under a region: where it comes from, and how to touch it without being killed.
//
// A shared file has no pages until they are touched, and touching one when the file system is full
// ends the program. So what will be written is asked for first, in steps, where it can be refused.
//
// Context: hot, on first use of a page only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libdetect/recorder/region.h"

namespace detect::recorder {

// Maps a new region: private memory when `directory` is null, else the file
// `directory`/PID-N.region, made 0600, exclusively, never through a link. Null when refused.
Region* MapRegion(const char* directory);

// Takes over a region that another recorder of this process mapped, instead of MapRegion.
void AdoptRegion(Region* region);

// Maps the word that all processes of one run nudge, `directory`/hub. Null when there is none.
std::atomic<uint32_t>* MapHub(const char* directory);

// Returns true when the region's memory from `begin` on may be written for `bytes`.
// Cost: one load when it was asked for before; else a system call.
bool EnsureBacked(const void* begin, size_t bytes);

// Returns whether EnsureBacked was ever granted for the table of resources.
bool HasResources();

// Has the kernel zero this page-aligned memory in every child that is forked from now on. Without
// effect before Linux 4.14; the fork handler covers the usual case then.
void ClearInChildren(void* begin, size_t bytes);

}  // namespace detect::recorder
