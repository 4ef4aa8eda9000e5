package extract

// slide reads the slides and notes of a PPTX.
type slide struct {
	markup
	title, inText bool
}

func readSlides(a *archive) (Document, error) {
	const main = "ppt/presentation.xml"
	data, err := a.part(main)
	if err != nil {
		return Document{}, err
	}
	order := &slideOrder{}
	if err := walk(data, order); err != nil {
		return Document{}, err
	}
	relations := a.relations(main)
	s := &slide{}
	for _, id := range order.ids {
		name := relations[id].target
		if a.files[name] == nil {
			continue
		}
		s.page()
		parts := []string{name}
		for _, r := range a.relations(name) {
			if r.kind == "notesSlide" || r.kind == "diagramData" || r.kind == "chart" {
				parts = append(parts, r.target)
			}
		}
		for _, part := range parts {
			if a.files[part] == nil {
				continue
			}
			data, err := a.part(part)
			if err == nil {
				err = walk(data, s)
			}
			if err != nil {
				return Document{}, err
			}
		}
	}
	return s.document(a.title("docProps/core.xml")), nil
}

type slideOrder struct{ ids []string }

func (o *slideOrder) start(e element) bool {
	if e.name == "sldId" {
		for _, a := range e.attrs {
			if a.Name.Local == "id" && a.Name.Space != "" {
				o.ids = append(o.ids, a.Value)
			}
		}
	}
	return false
}
func (o *slideOrder) stop(string)  {}
func (o *slideOrder) chars(string) {}

func (s *slide) start(e element) bool {
	switch e.name {
	case "Fallback":
		return true
	case "sp":
		s.title = false
	case "ph":
		kind := e.attr("type")
		s.title = kind == "title" || kind == "ctrTitle"
		return kind == "sldNum" || kind == "dt" || kind == "ftr"
	case "p":
		if s.tables == 0 {
			s.end()
		}
		if s.title {
			s.as(heading, 1)
		}
	case "t", "v":
		s.inText = true
	case "br":
		s.add("\n")
	case "tbl":
		s.beginTable()
	case "tr":
		s.beginRow()
	}
	return false
}

func (s *slide) stop(name string) {
	switch name {
	case "p", "pt":
		s.end()
	case "t", "v":
		s.inText = false
	case "tc":
		s.endCell()
	case "tbl":
		s.endTable()
	}
}

func (s *slide) chars(text string) {
	if s.inText {
		s.add(text)
	}
}
