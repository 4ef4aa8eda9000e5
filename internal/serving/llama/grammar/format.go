package grammar

// formats are patterns of the formats that are known. Each is narrower than its format: every text that
// fits the pattern has the format, for every checker of formats.
var formats = map[string]string{
	"date":      date,
	"time":      timeOfDay,
	"date-time": date + "T" + timeOfDay,
	"duration":  `P(?:[1-9][0-9]{0,3}W|[1-9][0-9]{0,3}D|T[1-9][0-9]{0,3}[HMS]|[1-9][0-9]{0,3}DT[1-9][0-9]{0,3}[HMS])`,
	"uuid":      `[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`,
	"ipv4":      ipv4,
	"ipv6":      `(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}`,
	"hostname":  host,
	"email":     `[A-Za-z0-9_+-]{1,24}(?:\.[A-Za-z0-9_+-]{1,24}){0,2}@` + host,
	"uri":       uri,
	"iri":       uri,

	"idn-email":             `[A-Za-z0-9_+-]{1,24}(?:\.[A-Za-z0-9_+-]{1,24}){0,2}@` + host,
	"idn-hostname":          host,
	"uri-reference":         `(?:` + uri + `|` + path + `)`,
	"iri-reference":         `(?:` + uri + `|` + path + `)`,
	"uri-template":          uri,
	"json-pointer":          `(?:/[A-Za-z0-9_.-]{1,24}){0,8}`,
	"relative-json-pointer": `(?:0|[1-9])(?:/[A-Za-z0-9_.-]{1,24}){0,8}`,
	"regex":                 `[A-Za-z0-9_ -]{1,40}`,
	"semver":                `(?:0|[1-9][0-9]{0,3})\.(?:0|[1-9][0-9]{0,3})\.(?:0|[1-9][0-9]{0,3})`,
	"period":                date + "/" + date,
}

const (
	date = `(?:1[89]|20)[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))`

	timeOfDay = `(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,3})?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])`

	byteNumber = `(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])`
	ipv4       = byteNumber + `(?:\.` + byteNumber + `){3}`

	// The last part of a host's name has letters only, so that it is no address.
	host = `(?:[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?\.){1,3}[a-z]{2,10}`
	path = `(?:/[A-Za-z0-9._~-]{1,32}){1,6}`
	uri  = `https?://` + host + `(?:/[A-Za-z0-9._~-]{1,32}){0,6}/?(?:\?[A-Za-z0-9._~=&-]{1,64})?`
)
