//go:build !unix

package nearest

import "time"

func processorTime() time.Duration { return 0 }

func resident() int64 { return 0 }
