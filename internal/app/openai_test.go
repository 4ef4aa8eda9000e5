package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/edge/openaiapi"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

// The official clients read top_logprobs as a list, always.
func TestLogprobsAlwaysListTheirRivals(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	for extra, rivals := range map[string]int{`"logprobs": true`: 0, `"logprobs": true, "top_logprobs": 0`: 0, `"logprobs": true, "top_logprobs": 2`: 2} {
		a := s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}], `+extra+`}`)
		var out struct {
			Choices []struct {
				Logprobs struct {
					Content []struct {
						TopLogprobs *[]map[string]any `json:"top_logprobs"`
					}
				}
			}
		}
		a.into(t, &out)
		tokens := out.Choices[0].Logprobs.Content
		if len(tokens) == 0 || tokens[0].TopLogprobs == nil || len(*tokens[0].TopLogprobs) != rivals {
			t.Errorf("%s: %.300s", extra, a.body)
		}
	}
}

// What the OpenAI API would refuse, or would silently mean nothing, is refused by name.
func TestOpenAIFieldsOfTheWrongKindAreRefused(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	for body, param := range map[string]string{
		`{"messages": [{"role": "user", "content": null}]}`:                               "messages[0].content",
		`{"messages": [{"role": "user"}]}`:                                                "messages[0].content",
		`{"messages": [{"role": "user", "content": []}]}`:                                 "messages[0].content",
		`{"messages": [{"role": "user", "content": "  "}]}`:                               "messages[0].content",
		`{"messages": [{"role": "user", "content": "hi"}], "user": 5}`:                    "user",
		`{"messages": [{"role": "user", "content": "hi"}], "metadata": "x"}`:              "metadata",
		`{"messages": [{"role": "user", "content": "hi"}], "metadata": {"a": 1}}`:         "metadata",
		`{"messages": [{"role": "user", "content": "hi"}], "parallel_tool_calls": "yes"}`: "parallel_tool_calls",
		`{"messages": [{"role": "user", "content": "hi"}], "service_tier": "scale"}`:      "service_tier",
	} {
		a := s.call(t, seeded, "POST", "/v1/chat/completions", body)
		var e struct{ Error struct{ Param string } }
		a.into(t, &e)
		if a.status != http.StatusBadRequest || e.Error.Param != param {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions",
		`{"messages": [{"role": "user", "content": "hi"}], "user": "u", "metadata": {"a": "b"}, "parallel_tool_calls": true}`)
}

// No key gets a better tier than the API's by asking for it.
func TestServiceTier(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	for asked, served := range map[string]string{"auto": "default", "default": "default", "priority": "default", "flex": "flex"} {
		a := s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions",
			`{"messages": [{"role": "user", "content": "hi"}], "service_tier": "`+asked+`"}`)
		var out struct {
			ServiceTier string `json:"service_tier"`
		}
		a.into(t, &out)
		if out.ServiceTier != served {
			t.Errorf("asked for %s, served by %s", asked, out.ServiceTier)
		}
	}
}

func TestRerank(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	a := s.must(t, http.StatusOK, seeded, "POST", "/v1/rerank",
		`{"query": "red boats", "documents": ["blue", {"text": "red boats"}, "green cars"], "top_n": 2, "return_documents": true}`)
	var out struct {
		ID, Model string
		Results   []struct {
			Index    int
			Score    float64 `json:"relevance_score"`
			Document struct{ Text string }
		}
		Usage struct {
			Total int `json:"total_tokens"`
		}
	}
	a.into(t, &out)
	if len(out.Results) != 2 || out.Results[0].Index != 1 || out.Results[0].Document.Text != "red boats" ||
		out.Results[0].Score < out.Results[1].Score || out.ID == "" || out.Model == "" || out.Usage.Total == 0 {
		t.Errorf("%s", a.body)
	}
	for body, param := range map[string]string{
		`{"query": " ", "documents": ["a"]}`:                               "query",
		`{"query": "a", "documents": []}`:                                  "documents",
		`{"query": "a", "documents": ["a", ""]}`:                           "documents[1]",
		`{"query": "a", "documents": [5]}`:                                 "documents",
		`{"query": "a", "documents": [{"title": "x"}]}`:                    "documents",
		`{"query": "a", "documents": ["a"], "top_n": 0}`:                   "top_n",
		`{"query": "a", "documents": ["a"], "max_tokens_per_doc": -1}`:     "max_tokens_per_doc",
		`{"query": "a", "documents": ["a"], "max_tokens_per_doc": 5}`:      "max_tokens_per_doc",
		`{"query": "a", "documents": ["a"], "model": "nothing-of-a-name"}`: "model",
	} {
		a := s.call(t, seeded, "POST", "/v1/rerank", body)
		var e struct{ Error struct{ Param string } }
		a.into(t, &e)
		if a.status/100 != 4 || e.Error.Param != param {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
}

// dataURL is an image of so many pixels a side.
func dataURL(t *testing.T, side int) string {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(file.Bytes())
}

// look is a question with parts.
func look(parts ...string) string {
	return `{"messages": [{"role": "user", "content": [` + strings.Join(parts, ", ") + `]}]}`
}

func imagePart(url string) string {
	return `{"type": "image_url", "image_url": {"url": "` + url + `"}}`
}

// Images reach the engine with their places in the text, where the model has a projector.
func TestImagesOfAQuestion(t *testing.T) {
	t.Parallel()
	engine := &servingtest.Scripted{}
	s := boot(t, "", func(serving.Model) *servingtest.Scripted { return engine }, nil)
	ask := look(`{"type": "text", "text": "Is this "}`, imagePart(dataURL(t, 2)), `{"type": "text", "text": " that?"}`, imagePart(dataURL(t, 3)))
	sees := func() bool {
		var model struct{ Parley struct{ Vision bool } }
		s.must(t, http.StatusOK, seeded, "GET", "/v1/models/tiny", "").into(t, &model)
		return model.Parley.Vision
	}
	if a := s.must(t, http.StatusBadRequest, seeded, "POST", "/v1/chat/completions", ask); sees() || !strings.Contains(string(a.body), "mmproj-tiny.gguf") {
		t.Errorf("a model without a projector: %s", a.body)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "models", serving.ProjectorFile("tiny")), []byte("GGUF"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", ask)
	m := engine.Asked()[0].Messages[0]
	if !sees() || m.Text != "Is this  that?" || len(m.Images) != 2 || m.Images[0].At != 8 || m.Images[1].At != 14 ||
		m.Images[0].MediaType != "image/png" || bytes.Equal(m.Images[0].Data, m.Images[1].Data) {
		t.Errorf("the engine was asked %+v", m)
	}
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", look(imagePart(dataURL(t, 2)))) // no text at all
}

func TestImagesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	small := imagePart(dataURL(t, 1))
	for body, says := range map[string]string{
		look(imagePart("https://example.org/cat.png")):                                              "not fetched from elsewhere",
		look(imagePart("file:///etc/passwd,x")):                                                     "must be a data URL",
		look(imagePart("data:image/png,AAAA")):                                                      "as base64",
		look(imagePart("data:image/png;base64,%%%")):                                                "not valid base64",
		look(imagePart("data:image/png;base64,PHN2Zz4=")):                                           "PNG, JPEG, WebP or GIF",
		look(`{"type": "image_url"}`):                                                               "a content part must be",
		look(append([]string{small}, strings.Split(strings.Repeat(small+"|", 16), "|")[:16]...)...): "more than 16 images",
		`{"messages": [{"role": "system", "content": [` + small + `]}]}`:                            "only a user's message",
	} {
		a := s.must(t, http.StatusBadRequest, seeded, "POST", "/v1/chat/completions", body)
		if !strings.Contains(string(a.body), says) {
			t.Errorf("%.80s: %s", body, a.body)
		}
	}
}

// What a model thinks before it answers has a field of its own, in one piece and in a stream.
func TestReasoningIsItsOwnField(t *testing.T) {
	t.Parallel()
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Replies: []string{"<think>\nTwo and two.\n</think>\n\nIt is four."}}
	}, nil)
	question := `{"messages": [{"role": "user", "content": "2 + 2?"}]`
	var whole openaiapi.Completion
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", question+`}`).into(t, &whole)
	if m := whole.Choices[0].Message; m.ReasoningContent != "Two and two." || *m.Content != "It is four." {
		t.Errorf("thought %q, answered %q", m.ReasoningContent, *m.Content)
	}
	if n := whole.Usage.CompletionTokensDetails.ReasoningTokens; n == 0 || n >= whole.Usage.CompletionTokens {
		t.Errorf("%d tokens of reasoning among %d", n, whole.Usage.CompletionTokens)
	}
	var reasoning, text string
	a := s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", question+`, "stream": true}`)
	for line := range strings.Lines(string(a.body)) {
		data, is := strings.CutPrefix(strings.TrimSpace(line), "data: {")
		if !is {
			continue
		}
		var chunk openaiapi.Chunk
		if err := json.Unmarshal([]byte("{"+data), &chunk); err != nil {
			t.Fatal(err)
		}
		for _, choice := range chunk.Choices {
			reasoning += choice.Delta.ReasoningContent
			if choice.Delta.Content != nil {
				text += *choice.Delta.Content
			}
		}
	}
	if reasoning != "Two and two." || text != "It is four." {
		t.Errorf("streamed were the thought %q and the answer %q", reasoning, text)
	}
}
