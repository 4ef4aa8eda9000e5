package chatapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
)

// ListQuery chooses conversations.
type ListQuery struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"200"`
	Cursor   string `query:"cursor" description:"next_cursor of the page before."`
	Archived *bool  `query:"archived" description:"true or false; absent lists both."`
	Q        string `query:"q" description:"Words of the title."`
	Folder   string `query:"folder" description:"A folder's id, or none for those outside of all folders; absent lists all."`
}

// SearchQuery looks for words in one's own messages and titles.
type SearchQuery struct {
	Q      string `query:"q" required:"true" description:"Every word must occur; \"quotes\" make a phrase."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor"`
}

// NewConversation is the body of POST /v1/conversations.
type NewConversation struct {
	Title string `json:"title,omitempty" description:"Empty waits for a generated one."`
}

// ConversationPatch changes the fields that are given.
type ConversationPatch struct {
	Title           *string                 `json:"title,omitempty"`
	Status          *conversation.State     `json:"status,omitempty"`
	Pinned          *bool                   `json:"pinned,omitempty"`
	LeafID          *string                 `json:"leaf_id,omitempty" description:"The end of the branch to show."`
	RetentionPolicy *conversation.Retention `json:"retention_policy,omitempty" description:"keep, or days:N after the last change."`
	FolderID        *string                 `json:"folder_id,omitempty" description:"Empty takes it out of its folder."`
}

// DeleteRequest names conversations.
type DeleteRequest struct {
	IDs []string `json:"ids" required:"true" minItems:"1" maxItems:"500"`
}

// Deleted counts the conversations that were deleted.
type Deleted struct {
	Deleted int `json:"deleted"`
}

// MessageList is the whole tree of a conversation, oldest first.
type MessageList struct {
	Data []conversation.Message `json:"data"`
}

func (a *api) listConversations(c echo.Context) error {
	limit, err := edge.QueryInt(c, "limit", 50, 1, 200)
	if err != nil {
		return err
	}
	f := conversation.Filter{Query: c.QueryParam("q"), Folder: c.QueryParam("folder"), Limit: limit, Cursor: c.QueryParam("cursor")}
	switch c.QueryParam("archived") {
	case "":
	case "true":
		f.State = conversation.Archived
	case "false":
		f.State = conversation.Active
	default:
		return fault.Invalid("archived must be true or false").At("archived")
	}
	page, err := a.store.List(c.Request().Context(), edge.Identity(c).Scope, f)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page)
}

func (a *api) search(c echo.Context) error {
	limit, err := edge.QueryInt(c, "limit", 20, 1, 200)
	if err != nil {
		return err
	}
	found, err := a.store.Search(c.Request().Context(), edge.Identity(c).Scope, c.QueryParam("q"), limit, c.QueryParam("cursor"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, found)
}

func (a *api) createConversation(c echo.Context) error {
	req, err := edge.Decode[NewConversation](c)
	if err != nil {
		return err
	}
	conv, err := a.store.Create(c.Request().Context(), edge.Identity(c).Scope, req.Title)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, conv)
}

func (a *api) getConversation(c echo.Context) error {
	conv, err := a.store.Get(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, conv)
}

func (a *api) patchConversation(c echo.Context) error {
	req, err := edge.Decode[ConversationPatch](c)
	if err != nil {
		return err
	}
	conv, err := a.store.Update(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), conversation.Patch{
		Title: req.Title, State: req.Status, Pinned: req.Pinned, Leaf: req.LeafID, Retention: req.RetentionPolicy,
		Folder: req.FolderID,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, conv)
}

func (a *api) deleteConversation(c echo.Context) error {
	if err := a.store.Delete(c.Request().Context(), edge.Identity(c).Scope, c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *api) deleteConversations(c echo.Context) error {
	req, err := edge.Decode[DeleteRequest](c)
	if err != nil {
		return err
	}
	n, err := a.store.DeleteMany(c.Request().Context(), edge.Identity(c).Scope, req.IDs)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, Deleted{Deleted: n})
}

func (a *api) messages(c echo.Context) error {
	list, err := a.store.Messages(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, MessageList{Data: list})
}
