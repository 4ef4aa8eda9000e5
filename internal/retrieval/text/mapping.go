package text

import (
	"strings"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/keyword"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/standard"
	"github.com/blevesearch/bleve/v2/analysis/lang/ar"
	"github.com/blevesearch/bleve/v2/analysis/lang/cjk"
	"github.com/blevesearch/bleve/v2/analysis/lang/da"
	"github.com/blevesearch/bleve/v2/analysis/lang/de"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/lang/es"
	"github.com/blevesearch/bleve/v2/analysis/lang/fi"
	"github.com/blevesearch/bleve/v2/analysis/lang/fr"
	"github.com/blevesearch/bleve/v2/analysis/lang/hu"
	"github.com/blevesearch/bleve/v2/analysis/lang/it"
	"github.com/blevesearch/bleve/v2/analysis/lang/nl"
	"github.com/blevesearch/bleve/v2/analysis/lang/no"
	"github.com/blevesearch/bleve/v2/analysis/lang/pl"
	"github.com/blevesearch/bleve/v2/analysis/lang/pt"
	"github.com/blevesearch/bleve/v2/analysis/lang/ro"
	"github.com/blevesearch/bleve/v2/analysis/lang/ru"
	"github.com/blevesearch/bleve/v2/analysis/lang/sv"
	"github.com/blevesearch/bleve/v2/analysis/lang/tr"
	"github.com/blevesearch/bleve/v2/mapping"
)

const (
	textField  = "text_" // and the language
	classField = "class"
)

// analyzers by the first part of a language's tag. Chinese, Japanese and Korean are looked up by pairs of characters.
var analyzers = map[string]string{
	"ar": ar.AnalyzerName, "da": da.AnalyzerName, "de": de.AnalyzerName, "en": en.AnalyzerName, "es": es.AnalyzerName,
	"fi": fi.AnalyzerName, "fr": fr.AnalyzerName, "hu": hu.AnalyzerName, "it": it.AnalyzerName, "nl": nl.AnalyzerName,
	"no": no.AnalyzerName, "pl": pl.AnalyzerName, "pt": pt.AnalyzerName, "ro": ro.AnalyzerName, "ru": ru.AnalyzerName,
	"sv": sv.AnalyzerName, "tr": tr.AnalyzerName,
	"zh": cjk.AnalyzerName, "ja": cjk.AnalyzerName, "ko": cjk.AnalyzerName,
	"": standard.Name,
}

// field is that of a language, or of all that have no analyzer.
func field(lang string) string {
	lang, _, _ = strings.Cut(strings.ToLower(lang), "-")
	if _, known := analyzers[lang]; !known {
		lang = ""
	}
	return textField + lang
}

// mapped says how passages are indexed: nothing of them is stored, since the texts are the caller's.
func mapped() mapping.IndexMapping {
	passage := bleve.NewDocumentStaticMapping()
	add := func(name, analyzer string) {
		f := bleve.NewTextFieldMapping()
		f.Analyzer = analyzer
		f.Store, f.IncludeTermVectors, f.DocValues, f.IncludeInAll = false, false, false, false
		passage.AddFieldMappingsAt(name, f)
	}
	for lang, analyzer := range analyzers {
		add(textField+lang, analyzer)
	}
	add(classField, keyword.Name)
	m := bleve.NewIndexMapping()
	m.DefaultMapping = passage
	return m
}

// analyze gives the words of a text as a field has them.
func analyze(m mapping.IndexMapping, field, text string) analysis.TokenStream {
	return m.AnalyzerNamed(m.AnalyzerNameForPath(field)).Analyze([]byte(text))
}
