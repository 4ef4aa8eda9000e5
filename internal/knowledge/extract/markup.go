package extract

import "strings"

// markup writes Markdown from the parts of a document as they come: paragraphs with their kind, and tables of cells. Of a
// table within a table the words stand in the outer one's cell. No emphasis is written: it would stand in the midst of
// what is quoted.
type markup struct {
	out   strings.Builder
	pages []int

	line  strings.Builder // the paragraph that is being written
	kind  kind
	level int  // of a heading from 1, of an item from 0
	items bool // the last block is an item

	tables int // how deep in tables
	rows   [][]string
	cell   strings.Builder
}

type kind int

const (
	paragraph kind = iota
	heading
	item
	code
)

// document is what was written.
func (m *markup) document(title string) Document {
	m.end()
	return Document{Title: title, Text: clean(m.out.String()), Pages: m.pages}
}

// page begins a page.
func (m *markup) page() {
	m.end()
	m.pages = append(m.pages, m.out.Len())
}

// add adds words to the paragraph.
func (m *markup) add(text string) { m.line.WriteString(text) }

// as says what the paragraph is.
func (m *markup) as(k kind, level int) { m.kind, m.level = k, level }

// end ends the paragraph, if there is one.
func (m *markup) end() {
	text, kind, level := clean(m.line.String()), m.kind, m.level
	m.line.Reset()
	m.as(paragraph, 0)
	if kind != code {
		text = collapse(text)
	}
	switch {
	case strings.TrimSpace(text) == "":
	case m.tables > 0:
		if m.cell.Len() > 0 {
			m.cell.WriteByte(' ')
		}
		m.cell.WriteString(strings.ReplaceAll(text, "\n", " "))
	case kind == heading:
		m.block(strings.Repeat("#", min(max(level, 1), 6)) + " " + strings.ReplaceAll(text, "\n", " "))
	case kind == item:
		if m.items {
			m.out.WriteByte('\n')
		} else {
			m.gap()
		}
		m.items = true
		m.out.WriteString(strings.Repeat("  ", min(level, 8)) + "- " + text)
	case kind == code:
		m.block("```\n" + strings.Trim(text, "\n") + "\n```")
	default:
		m.block(text)
	}
}

func (m *markup) block(text string) {
	m.gap()
	m.items = false
	m.out.WriteString(text)
}

// gap parts two blocks by an empty line.
func (m *markup) gap() {
	if m.out.Len() > 0 {
		m.out.WriteString("\n\n")
	}
}

func (m *markup) beginTable() {
	if m.tables == 0 {
		m.end()
		m.rows = nil
	}
	m.tables++
}

func (m *markup) beginRow() {
	if m.tables == 1 {
		m.rows = append(m.rows, nil)
	}
}

func (m *markup) endCell() {
	m.end()
	if n := len(m.rows); m.tables == 1 && n > 0 {
		m.rows[n-1] = append(m.rows[n-1], m.cell.String())
		m.cell.Reset()
	}
}

func (m *markup) endTable() {
	m.end()
	if m.tables--; m.tables > 0 {
		return
	}
	m.tables = 0
	m.table(m.rows)
	if rest := m.cell.String(); rest != "" { // of a table without rows
		m.block(rest)
	}
	m.rows = nil
	m.cell.Reset()
}

// table writes rows; the first one names the columns. A row of one cell alone is a table for the look of it, and is text.
func (m *markup) table(rows [][]string) {
	var lines []string
	width := 0
	for _, row := range rows {
		width = max(width, len(row))
	}
	for _, row := range rows {
		if strings.TrimSpace(strings.Join(row, "")) == "" {
			continue
		}
		if width == 1 {
			lines = append(lines, row[0])
			continue
		}
		lines = append(lines, "| "+strings.Join(row, " | ")+" |")
		if len(lines) == 1 {
			lines = append(lines, "|"+strings.Repeat(" --- |", width))
		}
	}
	if len(lines) > 0 {
		m.block(strings.Join(lines, "\n"))
	}
}

// collapse makes one space of every run of spaces within a line, and drops empty lines.
func collapse(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
