package llama

import (
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/hybridgroup/yzma/pkg/llama"
	"go.uber.org/zap"
)

// nativeLog carries llama.cpp's log to zap. Its errors are warnings here: what they mean for a request
// or a model becomes an error of ours, which is logged where it is handled.
type nativeLog struct {
	log      *zap.Logger
	callback uintptr

	mu        sync.Mutex
	line      strings.Builder // until its end has come
	level     llama.LogLevel
	complaint string // the first error since it was last asked for, to explain why a model did not load
}

// install makes the callback. There is one a process, since it can never be freed.
func (n *nativeLog) install() {
	n.callback = purego.NewCallback(func(level int32, text *byte, _ uintptr) {
		n.write(llama.LogLevel(level), cString(text))
	})
	llama.LogSet(n.callback)
}

func cString(p *byte) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n)) // a copy: the library owns its own
}

func (n *nativeLog) write(level llama.LogLevel, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if level != llama.LogLevelContinue {
		n.level = level
	}
	for {
		part, rest, ended := strings.Cut(text, "\n")
		n.line.WriteString(part)
		if !ended {
			return
		}
		n.flush()
		text = rest
	}
}

func (n *nativeLog) flush() {
	line := strings.TrimSpace(n.line.String())
	n.line.Reset()
	if strings.Trim(line, ".") == "" { // progress dots
		return
	}
	switch n.level {
	case llama.LogLevelError:
		if n.complaint == "" {
			n.complaint = line
		}
		n.log.Warn("llama.cpp", zap.String("says", line))
	case llama.LogLevelWarn:
		n.log.Warn("llama.cpp", zap.String("says", line))
	default:
		n.log.Debug("llama.cpp", zap.String("says", line))
	}
}

// takeComplaint returns the first error that the library reported since the last call. The ones after
// it mostly say only that something failed.
func (n *nativeLog) takeComplaint() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.complaint
	n.complaint = ""
	return c
}
