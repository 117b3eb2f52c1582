package cli

import (
	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/api/client"
)

type pixelCmd struct {
	Source      string `arg:"" help:"A tracking source."`
	Event       string `arg:"" help:"What an opened mail is, such as \"Email Opened\"."`
	UserID      string `name:"user-id" placeholder:"ID" help:"Whose mail it is: the user's id."`
	AnonymousID string `name:"anonymous-id" placeholder:"ID" help:"The visitor's id."`
	Email       string `placeholder:"ADDRESS" help:"The address."`
	Properties  string `placeholder:"JSON" help:"Properties of the event, a JSON object."`
}

func (pixelCmd) Help() string {
	return `Example: kith pixel web "Email Opened" --user-id u-1042 --properties '{"campaign":"spring"}'

Prints a path: put the server's public address before it, and the whole into the
mail as the source of an image. What the event says is sealed within it, and cannot
be read from it.`
}

func (c pixelCmd) Run(g *Globals) (err error) {
	body := client.PixelRequest{Source: c.Source, Event: c.Event, UserID: optional(c.UserID), AnonymousID: optional(c.AnonymousID), Email: optional(c.Email)}
	if c.Properties != "" {
		var properties map[string]any
		if err := json.Unmarshal([]byte(c.Properties), &properties, exactNumbers()); err != nil || properties == nil {
			return usage("--properties takes a JSON object, such as '{\"campaign\":\"spring\"}'")
		}
		body.Properties = &properties
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.Pixel](conn.MakePixel(g.ctx, body))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, made client.Pixel) { p.line("%s", made.Path) })
}
