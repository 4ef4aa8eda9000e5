package extract

import (
	"strconv"
	"strings"
)

// word reads the parts of a DOCX.
type word struct {
	markup
	styles map[string]int // levels of headings, by style
	hidden bool           // the run that is read
	inText bool
}

func readWord(a *archive) (Document, error) {
	w := &word{styles: map[string]int{}}
	if data, err := a.part("word/styles.xml"); err == nil {
		s := &styles{levels: w.styles}
		_ = walk(data, s) // without them no heading is known
	}
	for _, name := range []string{"word/document.xml", "word/footnotes.xml", "word/endnotes.xml"} {
		if a.files[name] == nil {
			continue
		}
		data, err := a.part(name)
		if err != nil {
			return Document{}, err
		}
		if err := walk(data, w); err != nil {
			return Document{}, err
		}
	}
	return w.document(a.title("docProps/core.xml")), nil
}

func (w *word) start(e element) bool {
	switch e.name {
	case "Fallback", "del", "moveFrom", "instrText", "tabs", "sectPr", "rPrChange", "pPrChange": // said elsewhere, or not any more
		return true
	case "p":
		if w.tables == 0 {
			w.end()
		}
	case "pStyle":
		if level := w.styles[e.attr("val")]; level > 0 {
			w.as(heading, level)
		}
	case "outlineLvl":
		if n, err := strconv.Atoi(e.attr("val")); err == nil && n < 9 {
			w.as(heading, n+1)
		}
	case "ilvl":
		if n, err := strconv.Atoi(e.attr("val")); err == nil && w.kind != heading {
			w.as(item, n)
		}
	case "r":
		w.hidden = false
	case "vanish":
		w.hidden = e.attr("val") != "0" && e.attr("val") != "false"
	case "t":
		w.inText = true
	case "tab":
		w.add("\t")
	case "br", "cr":
		w.add("\n")
	case "noBreakHyphen":
		w.add("-")
	case "tbl":
		w.beginTable()
	case "tr":
		w.beginRow()
	}
	return false
}

func (w *word) stop(name string) {
	switch name {
	case "p":
		w.end()
	case "t":
		w.inText = false
	case "tc":
		w.endCell()
	case "tbl":
		w.endTable()
	}
}

func (w *word) chars(text string) {
	if w.inText && !w.hidden {
		w.add(text)
	}
}

// styles reads which styles are headings: by their level, or by their names, which are English in every language.
type styles struct {
	levels map[string]int
	id     string
}

func (s *styles) start(e element) bool {
	switch e.name {
	case "style":
		s.id = e.attr("styleId")
	case "name":
		name := strings.ToLower(e.attr("val"))
		if name == "title" {
			s.levels[s.id] = 1
		}
		if n, err := strconv.Atoi(strings.TrimPrefix(name, "heading ")); err == nil && strings.HasPrefix(name, "heading ") {
			s.levels[s.id] = n
		}
	case "outlineLvl":
		if n, err := strconv.Atoi(e.attr("val")); err == nil && n < 9 && s.levels[s.id] == 0 {
			s.levels[s.id] = n + 1
		}
	}
	return false
}

func (s *styles) stop(string)  {}
func (s *styles) chars(string) {}
