// Package chatapi is the native API of chatting: kept conversations, turns that outlive their readers,
// and the same events over SSE and WebSocket.
package chatapi

import (
	"context"
	"net/http"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/serving"
)

// Models finds the model that a caller means.
type Models interface {
	Resolve(ctx context.Context, id chat.Identity, kind serving.Kind, name string) (serving.Model, error)
}

type api struct {
	turns   *orchestrator.Turns
	store   *conversation.Store
	models  Models
	sockets edge.Config
	log     *zap.Logger
}

// Routes are the endpoints. cfg holds what a WebSocket is bound to: the largest message, the origins,
// the longest turn.
func Routes(turns *orchestrator.Turns, store *conversation.Store, models Models, cfg edge.Config, log *zap.Logger) []edge.Route {
	a := &api{turns: turns, store: store, models: models, sockets: cfg, log: log}
	const chatting, kept = "Chat", "Conversations"
	write, read := edge.Chat(chat.RoleMember), edge.Chat(chat.RoleViewer)
	return []edge.Route{
		{Method: http.MethodPost, Path: "/v1/chat.completions", Access: write, Handle: a.turn, Op: edge.Op{
			Tag: chatting, Summary: "Ask, and keep question and answer", Request: TurnRequest{}, Response: TurnAnswer{}, Stream: chat.Event{}, Idempotent: true,
			Detail: "Streams server-sent events by default. Each has an `id`; a dropped stream goes on at `GET /v1/messages/{id}/events` with `Last-Event-ID`. The turn does not end when its reader goes: stop it with `POST /v1/messages/{id}/cancel`. With `continue` an answer that has ended goes on in a new one beside it; `parent_changed` says that a message above it was edited since."}},
		{Method: http.MethodGet, Path: "/v1/messages/:id/events", Access: read, Handle: a.events, Op: edge.Op{
			Tag: chatting, Summary: "Read an answer's events from any place", Query: struct {
				After string `query:"after" description:"An event id; the header Last-Event-ID wins."`
				Last  string `header:"Last-Event-ID" description:"The id of the last event that was read; as browsers send it."`
			}{}, Stream: chat.Event{}}},
		{Method: http.MethodPost, Path: "/v1/messages/:id/cancel", Access: write, Handle: a.cancel, Op: edge.Op{
			Tag: chatting, Summary: "Stop an answer and keep what it said", Status: http.StatusNoContent}},
		{Method: http.MethodGet, Path: "/v1/ws", Access: write, Handle: a.socket, Op: edge.Op{
			Tag: chatting, Summary: "Chat over a WebSocket", Status: http.StatusSwitchingProtocols, Socket: edge.Socket{Client: SocketRequest{}, Server: SocketReply{}},
			Detail: "Send `{\"type\": \"turn\", \"ref\": \"1\", ...}` with the fields of `POST /v1/chat.completions`, `{\"type\": \"resume\", \"ref\": \"1\", \"after\": \"<event id>\"}`, `{\"type\": \"cancel\", \"ref\": \"1\"}` or `{\"type\": \"ping\"}`. Each event comes back with its `ref` and `id`. `timeout`, or the header of the handshake, shortens the deadline of a turn."}},
		{Method: http.MethodGet, Path: "/v1/conversations", Access: read, Handle: a.listConversations, Op: edge.Op{
			Tag: kept, Summary: "List one's own conversations, last changed first", Query: ListQuery{}, Response: conversation.Page{}}},
		{Method: http.MethodPost, Path: "/v1/conversations", Access: write, Handle: a.createConversation, Op: edge.Op{
			Tag: kept, Summary: "Make an empty conversation", Request: NewConversation{}, Response: conversation.Conversation{}, Status: http.StatusCreated, Idempotent: true}},
		{Method: http.MethodGet, Path: "/v1/conversations/search", Access: read, Handle: a.search, Op: edge.Op{
			Tag: kept, Summary: "Search one's own titles and messages", Query: SearchQuery{}, Response: conversation.Found{}}},
		{Method: http.MethodGet, Path: "/v1/conversations/:id", Access: read, Handle: a.getConversation, Op: edge.Op{
			Tag: kept, Summary: "Tell one conversation", Response: conversation.Conversation{}}},
		{Method: http.MethodPatch, Path: "/v1/conversations/:id", Access: write, Handle: a.patchConversation, Op: edge.Op{
			Tag: kept, Summary: "Rename, pin, archive, file, choose a branch or set the retention", Request: ConversationPatch{}, Response: conversation.Conversation{}}},
		{Method: http.MethodDelete, Path: "/v1/conversations/:id", Access: write, Handle: a.deleteConversation, Op: edge.Op{
			Tag: kept, Summary: "Delete a conversation with its messages", Status: http.StatusNoContent}},
		{Method: http.MethodPost, Path: "/v1/conversations/delete", Access: write, Handle: a.deleteConversations, Op: edge.Op{
			Tag: kept, Summary: "Delete several conversations with their messages", Request: DeleteRequest{}, Response: Deleted{},
			Detail: "What is not there any more is passed over, so the request can be made again."}},
		{Method: http.MethodGet, Path: "/v1/conversations/:id/messages", Access: read, Handle: a.messages, Op: edge.Op{
			Tag: kept, Summary: "List the whole tree of messages, oldest first", Response: MessageList{}}},
		{Method: http.MethodPost, Path: "/v1/conversations/:id/fork", Access: write, Handle: a.fork, Op: edge.Op{
			Tag: kept, Summary: "Make a new conversation of the path to a message", Request: ForkRequest{}, Response: conversation.Conversation{}, Status: http.StatusCreated, Idempotent: true,
			Detail: "The fork of a temporary conversation is kept."}},
		{Method: http.MethodGet, Path: "/v1/conversations/:id/export", Access: read, Handle: a.export, Op: edge.Op{
			Tag: kept, Summary: "Save one conversation as a file", Query: ExportQuery{}, Response: conversation.Tree{},
			Detail: "`md` is the chosen branch as Markdown, `json` the whole tree, which can be imported again."}},
		{Method: http.MethodPost, Path: "/v1/conversations/import", Access: write, Handle: a.importAll, Op: edge.Op{
			Tag: kept, Summary: "Import conversations of Parley or ChatGPT", Request: ImportRequest{}, Response: conversation.Imported{}, Idempotent: true,
			Detail: "Each entry is an export of one conversation in JSON, or an entry of ChatGPT's `conversations.json`. An entry that cannot be read is skipped with the reason. Each entry makes a new conversation: importing one twice makes two."}},
		{Method: http.MethodPatch, Path: "/v1/messages/:id", Access: write, Handle: a.editMessage, Op: edge.Op{
			Tag: kept, Summary: "Change the text of a question or an answer in place", Request: MessageEdit{}, Response: conversation.Message{},
			Detail: "What stands below it stays as it is. To ask an edited question anew, send a turn with the parent of the old one."}},
		{Method: http.MethodPut, Path: "/v1/messages/:id/feedback", Access: write, Handle: a.rate, Op: edge.Op{
			Tag: kept, Summary: "Say whether an answer is good, and why", Request: Rating{}, Response: conversation.Message{}}},
		{Method: http.MethodDelete, Path: "/v1/messages/:id/feedback", Access: write, Handle: a.unrate, Op: edge.Op{
			Tag: kept, Summary: "Take the judgement of an answer back", Response: conversation.Message{}}},
		{Method: http.MethodGet, Path: "/v1/folders", Access: read, Handle: a.folders, Op: edge.Op{
			Tag: kept, Summary: "List one's own folders by name", Response: edge.List[conversation.Folder]{},
			Detail: "`conversations` counts those in the folder that are not archived."}},
		{Method: http.MethodPost, Path: "/v1/folders", Access: write, Handle: a.createFolder, Op: edge.Op{
			Tag: kept, Summary: "Make a folder", Request: FolderName{}, Response: conversation.Folder{}, Status: http.StatusCreated, Idempotent: true}},
		{Method: http.MethodPatch, Path: "/v1/folders/:id", Access: write, Handle: a.renameFolder, Op: edge.Op{
			Tag: kept, Summary: "Rename a folder", Request: FolderName{}, Response: conversation.Folder{}}},
		{Method: http.MethodDelete, Path: "/v1/folders/:id", Access: write, Handle: a.deleteFolder, Op: edge.Op{
			Tag: kept, Summary: "Delete a folder and keep its conversations", Status: http.StatusNoContent}},
	}
}
