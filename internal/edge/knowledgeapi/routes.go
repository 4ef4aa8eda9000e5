// Package knowledgeapi is the API of documents: files, vector stores (which the page calls knowledge bases) and search, in
// the shapes of the OpenAI API as far as it has them.
package knowledgeapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
	"github.com/parley-chat/parley/internal/retrieval/search"
)

// Finder searches; search.Searcher does.
type Finder interface {
	Search(ctx context.Context, sc chat.Scope, q search.Query) ([]chat.Passage, error)
	Explain(ctx context.Context, sc chat.Scope, q search.Query, document string) (search.Explanation, error)
}

type api struct {
	library *knowledge.Library
	finder  Finder
}

// Routes are the endpoints. A file may have so many bytes.
func Routes(library *knowledge.Library, finder Finder, maxFile int64) []edge.Route {
	a := &api{library, finder}
	const files, stores = "Files", "Knowledge"
	read, write := edge.Chat(chat.RoleViewer), edge.Chat(chat.RoleMember)
	const around = 1 << 20 // what a form has beside the file
	return []edge.Route{
		{Method: http.MethodPost, Path: "/v1/files", Access: write, Handle: a.upload, MaxBody: maxFile + around, Op: edge.Op{
			Tag: files, Summary: "Upload a file", Request: Upload{}, Response: StoredFile{}}},
		{Method: http.MethodGet, Path: "/v1/files", Access: read, Handle: a.files, Op: edge.Op{
			Tag: files, Summary: "List one's own files", Query: PageQuery{}, Response: Page[StoredFile]{}}},
		{Method: http.MethodGet, Path: "/v1/files/:id", Access: read, Handle: a.file, Op: edge.Op{
			Tag: files, Summary: "Tell a file: one's own, or one of a vector store that one may read", Response: StoredFile{}}},
		{Method: http.MethodGet, Path: "/v1/files/:id/content", Access: read, Handle: a.content, Op: edge.Op{
			Tag: files, Summary: "Download a file"}},
		{Method: http.MethodDelete, Path: "/v1/files/:id", Access: write, Handle: a.deleteFile, Op: edge.Op{
			Tag: files, Summary: "Delete a file of one's own, from all vector stores too", Response: Removed{}}},

		{Method: http.MethodPost, Path: "/v1/vector_stores", Access: write, Handle: a.create, Op: edge.Op{
			Tag: stores, Summary: "Make a vector store", Request: NewStore{}, Response: Store{}, Idempotent: true}},
		{Method: http.MethodGet, Path: "/v1/vector_stores", Access: read, Handle: a.list, Op: edge.Op{
			Tag: stores, Summary: "List the vector stores that one may read", Query: PageQuery{}, Response: Page[Store]{}}},
		{Method: http.MethodGet, Path: "/v1/vector_stores/:id", Access: read, Handle: a.one, Op: edge.Op{
			Tag: stores, Summary: "Tell a vector store", Response: Store{}}},
		{Method: http.MethodPost, Path: "/v1/vector_stores/:id", Access: write, Handle: a.update, Op: edge.Op{
			Tag: stores, Summary: "Change a vector store of one's own, and who may read it", Request: StorePatch{}, Response: Store{}}},
		{Method: http.MethodDelete, Path: "/v1/vector_stores/:id", Access: write, Handle: a.remove, Op: edge.Op{
			Tag: stores, Summary: "Delete a vector store of one's own; its files stay", Response: Removed{}}},
		{Method: http.MethodPost, Path: "/v1/vector_stores/:id/search", Access: read, Handle: a.searchStore, Op: edge.Op{
			Tag: stores, Summary: "Search a vector store", Request: StoreSearch{}, Response: StoreResults{}}},
		{Method: http.MethodPost, Path: "/v1/vector_stores/:id/files", Access: write, Handle: a.attach, Op: edge.Op{
			Tag: stores, Summary: "Put a file into a vector store; one that is in it is read anew", Request: Attach{}, Response: StoreFile{}}},
		{Method: http.MethodPost, Path: "/v1/vector_stores/:id/file_batches", Access: write, Handle: a.addBatch, Op: edge.Op{
			Tag: stores, Summary: "Put several files into a vector store, all or none of them", Request: NewBatch{}, Response: Batch{}}},
		{Method: http.MethodGet, Path: "/v1/vector_stores/:id/file_batches/:batch", Access: read, Handle: a.batch, Op: edge.Op{
			Tag: stores, Summary: "Tell how far the files are that were put into a vector store together", Response: Batch{}}},
		{Method: http.MethodGet, Path: "/v1/vector_stores/:id/file_batches/:batch/files", Access: read, Handle: a.batchFiles, Op: edge.Op{
			Tag: stores, Summary: "List the files that were put into a vector store together", Query: FilesQuery{}, Response: Page[StoreFile]{}}},
		{Method: http.MethodPost, Path: "/v1/vector_stores/:id/file_batches/:batch/cancel", Access: write, Handle: a.cancelBatch, Op: edge.Op{
			Tag: stores, Summary: "Give up those files of a batch that are not being read yet", Response: Batch{}}},
		{Method: http.MethodGet, Path: "/v1/vector_stores/:id/files", Access: read, Handle: a.documents, Op: edge.Op{
			Tag: stores, Summary: "List the files of a vector store", Query: FilesQuery{}, Response: Page[StoreFile]{}}},
		{Method: http.MethodGet, Path: "/v1/vector_stores/:id/files/:file", Access: read, Handle: a.document, Op: edge.Op{
			Tag: stores, Summary: "Tell how far a file of a vector store is", Response: StoreFile{}}},
		{Method: http.MethodPost, Path: "/v1/vector_stores/:id/files/:file", Access: write, Handle: a.setAttributes, Op: edge.Op{
			Tag: stores, Summary: "Change the attributes of a file of a vector store", Request: FilePatch{}, Response: StoreFile{}}},
		{Method: http.MethodGet, Path: "/v1/vector_stores/:id/files/:file/content", Access: read, Handle: a.text, Op: edge.Op{
			Tag: stores, Summary: "Read the text of a file of a vector store, of which citations are bytes", Response: Text{}}},
		{Method: http.MethodPost, Path: "/v1/vector_stores/:id/files/:file/explain", Access: read, Handle: a.explain, Op: edge.Op{
			Tag: stores, Summary: "Tell why a question finds a file, or why not, step by step", Request: ExplainRequest{}, Response: Explained{}}},
		{Method: http.MethodDelete, Path: "/v1/vector_stores/:id/files/:file", Access: write, Handle: a.detach, Op: edge.Op{
			Tag: stores, Summary: "Take a file out of a vector store; the file stays", Response: Removed{}}},

		{Method: http.MethodPost, Path: "/v1/search", Access: read, Handle: a.search, Op: edge.Op{
			Tag: stores, Summary: "Search all that one may read, and tell how each passage was found", Request: SearchRequest{}, Response: edge.List[FoundPassage]{}}},
	}
}

// Removed says what is gone.
type Removed struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

// PageQuery asks for a part of a list.
type PageQuery struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Order string `query:"order" enum:"asc,desc" default:"desc" description:"By the time of making."`
	After string `query:"after" description:"The last id of the page before."`
}

// Page is a part of a list, as the OpenAI API has it.
type Page[T any] struct {
	Object  string  `json:"object"`
	Data    []T     `json:"data"`
	FirstID *string `json:"first_id"`
	LastID  *string `json:"last_id"`
	HasMore bool    `json:"has_more"`
}

// page cuts a list that is the newest first.
func page[T any](c echo.Context, list []T, id func(T) string) (Page[T], error) {
	p := Page[T]{Object: "list", Data: []T{}}
	limit, err := edge.QueryInt(c, "limit", 100, 1, 1000)
	if err != nil {
		return p, err
	}
	switch order := c.QueryParam("order"); order {
	case "", "desc":
	case "asc":
		slices.Reverse(list)
	default:
		return p, fault.Invalid("order must be asc or desc, not %q", order).At("order")
	}
	if after := c.QueryParam("after"); after != "" {
		i := slices.IndexFunc(list, func(v T) bool { return id(v) == after })
		if i < 0 {
			return p, fault.Invalid("after: there is no %q in this list", after).At("after")
		}
		list = list[i+1:]
	}
	p.HasMore = len(list) > limit
	if p.Data = append(p.Data, list[:min(limit, len(list))]...); len(p.Data) > 0 {
		first, last := id(p.Data[0]), id(p.Data[len(p.Data)-1])
		p.FirstID, p.LastID = &first, &last
	}
	return p, nil
}

// SearchRequest is the body of POST /v1/search.
type SearchRequest struct {
	Query  string   `json:"query" required:"true"`
	Stores []string `json:"vector_store_ids,omitempty" description:"Empty searches all that the caller may read."`
	TopK   int      `json:"top_k,omitempty" minimum:"1" maximum:"100" default:"5"`
	Hybrid *bool    `json:"hybrid,omitempty" default:"true" description:"By words and by meaning; false is by words alone."`
}

// FoundPassage is one. Its text is the bytes start to end of the file's text.
type FoundPassage struct {
	Store    string  `json:"vector_store_id"`
	File     string  `json:"file_id"`
	Name     string  `json:"filename"`
	Title    string  `json:"title"`
	Heading  string  `json:"heading" description:"The headings above it, outermost first."`
	Page     int     `json:"page" description:"From 1; 0 for a file without pages."`
	Start    int     `json:"start"`
	End      int     `json:"end"`
	Text     string  `json:"text"`
	Score    float64 `json:"score" description:"0 to 1, of the two that follow."`
	ByWords  float64 `json:"by_words" description:"BM25, comparable within this answer; 0 where it was not among the best."`
	ByVector float64 `json:"by_meaning" description:"The cosine; 0 where it was not among the best."`
	ByTokens float64 `json:"by_tokens" description:"How alike its tokens are; 0 where it was not ranked again by them."`
}

const mostFound = 100

func (a *api) search(c echo.Context) error {
	req, err := edge.Decode[SearchRequest](c)
	if err != nil {
		return err
	}
	if req.TopK < 0 || req.TopK > mostFound {
		return fault.Invalid("top_k must be from 1 to %d", mostFound).At("top_k")
	}
	found, err := a.finder.Search(c.Request().Context(), edge.Identity(c).Scope, search.Query{
		Text: req.Query, Bases: req.Stores, TopK: req.TopK, Words: req.Hybrid != nil && !*req.Hybrid,
	})
	if err != nil {
		return err
	}
	list := edge.List[FoundPassage]{Data: make([]FoundPassage, len(found))}
	for i, p := range found {
		list.Data[i] = foundPassage(p)
	}
	return c.JSON(http.StatusOK, list)
}

func foundPassage(p chat.Passage) FoundPassage {
	return FoundPassage{Store: p.Base, File: p.File, Name: p.Name, Title: p.Title, Heading: p.Heading, Page: p.Page, Start: p.Start, End: p.End,
		Text: p.Text, Score: p.Score, ByWords: p.ByWords, ByVector: p.ByVector, ByTokens: p.ByTokens}
}

// StoreSearch is the body of a search in one vector store.
type StoreSearch struct {
	Query   string `json:"query" required:"true"`
	Most    int    `json:"max_num_results,omitempty" minimum:"1" maximum:"50" default:"10"`
	Filters any    `json:"filters,omitempty" description:"Which files count, by their attributes: {type: eq, ne, gt, gte, lt, lte, in or nin, key, value}, or {type: and or or, filters}."`
	Rewrite bool   `json:"rewrite_query,omitempty" description:"Taken and not used: the query is looked up as it is."`
	Ranking any    `json:"ranking_options,omitempty" description:"Taken and not used: there is one ranking."`
}

// StoreResults is the answer.
type StoreResults struct {
	Object  string        `json:"object"`
	Query   []string      `json:"search_query"`
	Data    []StoreResult `json:"data"`
	HasMore bool          `json:"has_more"`
	Next    *string       `json:"next_page"`
}

// StoreResult is a passage that was found.
type StoreResult struct {
	File       string         `json:"file_id"`
	Name       string         `json:"filename"`
	Score      float64        `json:"score"`
	Attributes map[string]any `json:"attributes"`
	Content    []Content      `json:"content"`
}

// Content is a text.
type Content struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func (a *api) searchStore(c echo.Context) error {
	req, err := edge.Decode[StoreSearch](c)
	if err != nil {
		return err
	}
	if req.Most < 0 || req.Most > 50 {
		return fault.Invalid("max_num_results must be from 1 to 50").At("max_num_results")
	}
	ctx, sc := c.Request().Context(), edge.Identity(c).Scope
	q := search.Query{Text: req.Query, Bases: []string{c.Param("id")}, TopK: cmp.Or(req.Most, 10)}
	if req.Filters != nil {
		filter, err := knowledge.ParseFilter(req.Filters)
		if err != nil {
			return err
		}
		if q.Documents, err = a.library.Matching(ctx, sc, c.Param("id"), filter); err != nil {
			return err
		}
	}
	found, err := a.finder.Search(ctx, sc, q)
	if err != nil {
		return err
	}
	out := StoreResults{Object: "vector_store.search_results.page", Query: []string{req.Query}, Data: make([]StoreResult, len(found))}
	for i, p := range found {
		d, err := a.library.Document(ctx, sc, p.Base, p.File)
		if err != nil && !fault.Is(err, fault.CodeNotFound) { // it is gone meanwhile
			return err
		}
		out.Data[i] = StoreResult{File: p.File, Name: p.Name, Score: p.Score, Attributes: d.Attributes, Content: []Content{{"text", p.Text}}}
		if d.Attributes == nil {
			out.Data[i].Attributes = map[string]any{}
		}
	}
	return c.JSON(http.StatusOK, out)
}
