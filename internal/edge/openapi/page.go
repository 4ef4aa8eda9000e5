package openapi

import (
	"bytes"
	_ "embed"
	"html"
	"html/template"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/edge"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("docs").Funcs(template.FuncMap{"code": code}).Parse(pageSource))

var backticks = regexp.MustCompile("`([^`]*)`")

// code gives `this` in our own texts the form of code.
func code(text string) template.HTML {
	return template.HTML(backticks.ReplaceAllString(html.EscapeString(text), "<code>$1</code>")) //nolint:gosec // escaped just before
}

type pageSection struct {
	Tag  string
	Rows []pageRow
}

type pageRow struct {
	Method, Path, Summary, Detail, Who, ID string
	Fields                                 []pageField
	Stream, Idempotent                     bool
}

// pageField is one field of a request's body or query.
type pageField struct{ Name, Type, Note string }

// Page is the readable form of Document, as one HTML page without scripts.
func Page(routes []edge.Route, version string) ([]byte, error) {
	var sections []pageSection
	for _, r := range routes {
		i := slices.IndexFunc(sections, func(s pageSection) bool { return s.Tag == r.Op.Tag })
		if i < 0 {
			sections, i = append(sections, pageSection{Tag: r.Op.Tag}), len(sections)
		}
		sections[i].Rows = append(sections[i].Rows, pageRow{
			Method: r.Method, Path: Path(r.Path), Summary: r.Op.Summary, Detail: r.Op.Detail, Who: who(r.Access),
			ID: operationID(r), Stream: r.Op.Stream != nil, Idempotent: r.Op.Idempotent,
			Fields: slices.Concat(fields(r.Op.Query, "header"), fields(r.Op.Query, "query"), fields(r.Op.Request, "json"), fields(r.Op.Socket.Client, "json")),
		})
	}
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, map[string]any{"Version": version, "Intro": intro, "Sections": sections})
	return out.Bytes(), err
}

// fields lists what a body or query takes, from the same tags that the document is made of.
func fields(body any, tag string) []pageField {
	if body == nil {
		return nil
	}
	t := reflect.TypeOf(body)
	if t.Kind() != reflect.Struct {
		return nil
	}
	var list []pageField
	for f := range t.Fields() {
		if f.Anonymous {
			list = append(list, fields(reflect.Zero(f.Type).Interface(), tag)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
		if name == "" || name == "-" {
			continue
		}
		note := f.Tag.Get("description")
		if values := f.Tag.Get("enum"); values != "" {
			note = strings.TrimSpace("One of " + strings.ReplaceAll(values, ",", ", ") + ". " + note)
		}
		if low, high := f.Tag.Get("minimum"), f.Tag.Get("maximum"); low != "" && high != "" {
			note = strings.TrimSpace(low + " to " + high + ". " + note)
		}
		if f.Tag.Get("required") == "true" {
			note = strings.TrimSpace("Required. " + note)
		}
		list = append(list, pageField{Name: name, Type: typeName(f.Type), Note: note})
	}
	return list
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "any"
		}
		return "array"
	case reflect.Map:
		return "object"
	case reflect.Struct:
		if t.Name() == "Time" {
			return "time"
		}
		if t.Name() == "Content" {
			return "string or array"
		}
		return "object"
	case reflect.Float32, reflect.Float64:
		return "number"
	default:
		return "integer"
	}
}
