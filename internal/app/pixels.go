package app

import (
	"context"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/tracking"
)

// pixels makes the images of e-mails.
type pixels struct{ a *App }

func (p pixels) Seal(_ context.Context, r *api.PixelRequest) (string, error) {
	if p.a.track == nil {
		return "", errs.New("pixel_source_unknown", "the project has no tracking source").At("/source").Fix("add one to the project's file: type: tracking")
	}
	return p.a.track.Seal(tracking.Pixel{Source: r.Source, Event: r.Event, UserID: r.UserID, AnonymousID: r.AnonymousID, Email: r.Email, Properties: r.Properties})
}
