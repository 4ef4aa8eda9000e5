package exchange

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// Line is a message as a reader of Markdown sees it.
type Line struct {
	Who  string
	When time.Time
	Note string // such as "stopped", "" for none
	Text string
}

// Markdown writes a title and messages under it. Texts stand as they are; a fence that a text leaves open is
// closed, so that it does not swallow what follows.
func Markdown(w io.Writer, title string, lines []Line) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# %s\n", title)
	for i, l := range lines {
		if i > 0 {
			fmt.Fprint(out, "\n---\n")
		}
		fmt.Fprintf(out, "\n**%s** · %s", l.Who, l.When.UTC().Format("2006-01-02 15:04 UTC"))
		if l.Note != "" {
			fmt.Fprintf(out, " · %s", l.Note)
		}
		text := strings.TrimSpace(l.Text)
		fmt.Fprintf(out, "\n\n%s\n", text)
		if open := openFence(text); open != "" {
			fmt.Fprintln(out, open)
		}
	}
	return out.Flush()
}

// openFence returns the fence that text opens and does not close, or "".
func openFence(text string) (open string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if body := strings.TrimLeft(line, " "); len(line)-len(body) <= 3 {
			line = body
		} else {
			continue // four spaces make it an indented line
		}
		fence := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		if fence == "" {
			fence = line[:len(line)-len(strings.TrimLeft(line, "~"))]
		}
		rest := line[len(fence):]
		switch {
		case len(fence) < 3:
		case open == "" && (fence[0] == '~' || !strings.Contains(rest, "`")):
			open = fence
		case open != "" && fence[0] == open[0] && len(fence) >= len(open) && strings.TrimSpace(rest) == "":
			open = ""
		}
	}
	return open
}

// fenced makes text a block of code, with a fence longer than any in it.
func fenced(language, text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.ContainsAny(language, "` \n\r\t") || language == "unknown" || len(language) > 40 {
		language = ""
	}
	return fence + language + "\n" + strings.TrimSuffix(text, "\n") + "\n" + fence
}
