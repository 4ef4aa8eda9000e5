// Package sharing keeps copies of conversations that their owners have shown to others. A share is the
// branch as it was when it was shared, with personal data taken out unless the owner said otherwise:
// what is said, edited or taken back in the conversation afterwards does not change it. It ends when it
// expires, when its owner revokes it, and with its conversation, its owner's account and its tenant.
//
// Who holds the address may read: its token is random and kept as a hash only. Whether the reader must
// also be of the tenant is the share's Audience. Begin at Store.Create and Store.Open.
package sharing
