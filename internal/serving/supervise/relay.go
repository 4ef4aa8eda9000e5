package supervise

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// longestLine is the most bytes of a line that are logged; the rest of it is left out.
const longestLine = 8 << 10

// relay logs what the process says, line by line, until there is no more. Lines that its own logger has written
// keep their level and fields; others come from libraries, or from its end, and are warnings.
func relay(says io.Reader, log *zap.Logger) {
	in := bufio.NewReaderSize(says, longestLine)
	for {
		line, err := in.ReadSlice('\n')
		if text := strings.TrimSpace(string(line)); text != "" {
			repeat(text, log)
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err != nil {
			return
		}
	}
}

func repeat(line string, log *zap.Logger) {
	var entry map[string]any
	if json.Unmarshal([]byte(line), &entry) == nil {
		word, _ := entry["level"].(string)
		message, _ := entry["msg"].(string)
		if level, err := zapcore.ParseLevel(word); err == nil && message != "" && level <= zapcore.ErrorLevel {
			if name, ok := entry["logger"].(string); ok {
				log = log.Named(name)
			}
			var fields []zap.Field
			for key, value := range entry {
				if key != "level" && key != "msg" && key != "ts" && key != "logger" {
					fields = append(fields, zap.Any(key, value))
				}
			}
			log.Log(level, message, fields...)
			return
		}
	}
	log.Warn("the engine's process says", zap.String("line", line))
}
