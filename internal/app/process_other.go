//go:build !linux

package app

// processSize is not told by this system.
func processSize() (rss int64, files int) { return 0, 0 }

// machineMemory is not told by this system either.
func machineMemory() (total, available int64) { return 0, 0 }
