package problem

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/s3store"
	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
)

func ofStorage(err error, p *Problem) bool {
	uncollected, left := errors.AsType[*run.UncollectedError](err)
	var stored *storage.Error
	var record *ledger.WriteError
	var unrecorded *run.UnrecordedError
	var bucket *storage.BucketError
	var clock *storage.ClockError
	var region *storage.RegionError
	var hint string
	if left, ok := errors.AsType[*spool.UndeliveredError](err); ok {
		p.is(CodeSpooled)
		if errors.Is(err, storage.ErrExist) || strings.Contains(left.Error(), storage.ErrExist.Error()) {
			p.Hint += "; what is there already is not replaced: move it, or take ours from where easel spool status says"
		}
		return true
	}
	if other, ok := errors.AsType[*stores.ServiceError](err); ok {
		p.is(CodeStorage)
		p.Hint = "it is delivered where it belongs: export " + other.Variable + "=" + other.Place.Service
		if other.Place.Service == s3store.AWS {
			p.Hint = "unset " + other.Variable + ", and choose the AWS profile that it was made with"
		}
		return true
	}
	switch {
	case errors.As(err, &unrecorded):
		hint = "make room in the folder of the history: easel resume " + unrecorded.Run + " then writes the end down; nothing is made again"
	case errors.As(err, &record):
		hint = "easel writes each run down before it is submitted; make room in that folder, or move it with XDG_DATA_HOME"
	case errors.Is(err, storage.ErrExist):
		hint = "choose another name, or replace it with --force"
	case errors.Is(err, storage.ErrAuth):
		p.is(CodeAuthentication)
		p.Hint = "easel help environment names the variables that hold them"
		if strings.HasPrefix(locationOf(err), "s3://") {
			p.Hint = "easel takes the AWS credentials as the aws command does: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; aws sts get-caller-identity shows whose they are, aws sso login renews them"
		}
		if left {
			p.Hint += "; the outputs are still on the backend, and easel resume " + uncollected.Run + " fetches them"
		}
		return true
	case errors.Is(err, supabase.ErrNoTable):
		hint = "make it by the SQL that easel supabase migration prints, or switch the rows off: easel config set supabase.rows off"
	case errors.As(err, &clock):
		hint = "set the clock of this machine: it is off by more than the store allows"
	case errors.As(err, &region) && region.Right != "":
		hint = "export AWS_REGION=" + region.Right + ", or set s3.region"
	case errors.As(err, &region):
		hint = "set AWS_REGION or s3.region to the bucket's region"
	case left: // whatever the reason, nothing has to be computed again
	case errors.As(err, &bucket):
		hint = "make it, or check its name: " + bucket.Create
	case errors.Is(err, storage.ErrFull):
		hint = "free some space and try again"
	case errors.Is(err, syscall.ENOTDIR):
		hint = "a part of this path is a file: choose another folder"
	case errors.Is(err, storage.ErrRefused), errors.Is(err, fs.ErrPermission):
		hint = "choose a folder you may write to with --out"
		if strings.Contains(locationOf(err), "://") {
			hint = "the credentials may not do that there: the policy of the user or of the bucket says what they may"
		}
	case errors.As(err, &stored):
	default:
		return false
	}
	p.is(CodeStorage)
	p.Hint, p.Retryable = hint, storage.Temporary(err)
	if left {
		p.Retryable = true
		p.Hint = "the outputs are still on the backend: when the folder can be written, easel resume " + uncollected.Run + " fetches them; --out DIR stores them elsewhere"
	}
	return true
}

// locationOf is where a store failed, "" when it did not.
func locationOf(err error) string {
	if failed, ok := errors.AsType[*storage.Error](err); ok {
		return failed.Location
	}
	return ""
}
