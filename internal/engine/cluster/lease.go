package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// holding is a lease that this process holds. It travels in the context of what is
// run under it, so that each Update there proves that the lease is still held.
type holding struct {
	name  string
	epoch int64
}

type holdingKey struct{}

func heldIn(ctx context.Context) *holding {
	h, _ := ctx.Value(holdingKey{}).(*holding)
	return h
}

const (
	sqlTakeLease = `INSERT INTO lease (name, holder, about, epoch, until)
		VALUES ($1, $2, $3, 1, now() + $4::bigint * interval '1 microsecond')
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, about = excluded.about, epoch = lease.epoch + 1, until = excluded.until
		WHERE lease.until < now() RETURNING epoch`
	sqlRenewLease = `UPDATE lease SET until = now() + $3::bigint * interval '1 microsecond' WHERE name = $1 AND epoch = $2`
	sqlEndLease   = `UPDATE lease SET until = now() - interval '1 second' WHERE name = $1 AND epoch = $2`
	sqlHolder     = `SELECT about FROM lease WHERE name = $1 AND until >= now()`
	sqlProveLease = `SELECT 1 FROM lease WHERE name = $1 AND epoch = $2 FOR SHARE`
)

// Lease implements engine.State. A lease lasts LeaseTime by the database's clock and
// is renewed thrice as often; this process gives it up by its own clock before that.
func (s *state) Lease(ctx context.Context, name, about string, run func(ctx context.Context) error) error {
	err := s.during(ctx, func(bound context.Context) error { return s.leaseLoop(bound, name, about, run) })
	return asked(ctx, err)
}

func (s *state) leaseLoop(ctx context.Context, name, about string, run func(ctx context.Context) error) error {
	for ctx.Err() == nil {
		epoch, since, err := s.takeLease(ctx, name, about)
		if err != nil {
			return err
		}
		lost, err := s.underLease(ctx, &holding{name, epoch}, since, run)
		if !lost && !errs.Is(err, engine.CodeFenced) {
			return err
		}
		if err := pause(ctx, s.cfg.LeaseTime/20); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// takeLease waits for a lease. Since is when it was asked for, by this machine's
// clock: it lasts at least LeaseTime from then.
func (s *state) takeLease(ctx context.Context, name, about string) (epoch int64, since time.Time, err error) {
	for ctx.Err() == nil {
		since = time.Now()
		err := s.query(ctx, func(ctx context.Context) error {
			return s.pool.QueryRow(ctx, sqlTakeLease, name, s.id, about, s.cfg.LeaseTime.Microseconds()).Scan(&epoch)
		})
		switch {
		case err == nil:
			return epoch, since, nil
		case errors.Is(err, pgx.ErrNoRows), errs.Is(err, engine.CodeUnavailable): // held, or out of reach
		case ctx.Err() != nil:
		default:
			return 0, since, err
		}
		if err := pause(ctx, min(s.cfg.LeaseTime/10, 500*time.Millisecond)); err != nil {
			return 0, since, err
		}
	}
	return 0, since, ctx.Err()
}

// underLease calls run and renews the lease meanwhile.
func (s *state) underLease(ctx context.Context, h *holding, since time.Time, run func(ctx context.Context) error) (lost bool, err error) {
	held, cancel := context.WithCancel(context.WithValue(ctx, holdingKey{}, h))
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- run(held) }()
	for err == nil {
		// Renewed for the last time at since: it is given up before another may have it.
		left := time.Until(since.Add(s.cfg.LeaseTime * 9 / 10))
		if left <= 0 {
			lost = true
			break
		}
		select {
		case err = <-ended:
			s.endLease(h)
			return false, err
		case <-time.After(min(left, s.cfg.LeaseTime/3)):
		}
		asked := time.Now()
		renewed := int64(0)
		qctx, qcancel := context.WithTimeout(ctx, max(left, time.Millisecond))
		qerr := s.query(qctx, func(ctx context.Context) error {
			tag, err := s.pool.Exec(ctx, sqlRenewLease, h.name, h.epoch, s.cfg.LeaseTime.Microseconds())
			renewed = tag.RowsAffected()
			return err
		})
		qcancel()
		if qerr == nil && renewed == 0 {
			lost = true
			break
		}
		if qerr == nil {
			since = asked
		}
		if ctx.Err() != nil {
			break
		}
	}
	if lost {
		s.logger.Warn("a lease was lost", "lease", h.name)
	}
	cancel()
	err = <-ended
	s.endLease(h)
	if lost {
		return true, nil
	}
	return false, err
}

// endLease gives a lease back, where that can be done at once.
func (s *state) endLease(h *holding) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := s.pool.Exec(ctx, sqlEndLease, h.name, h.epoch); err != nil {
		s.logger.Debug("a lease could not be given back; it runs out by itself", "lease", h.name)
	}
}

// Holder implements engine.State.
func (s *state) Holder(ctx context.Context, name string) (about string, err error) {
	err = s.during(ctx, func(ctx context.Context) error {
		err := s.query(ctx, func(ctx context.Context) error {
			return s.pool.QueryRow(ctx, sqlHolder, name).Scan(&about)
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return about, err
}
