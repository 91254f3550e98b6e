"""People who log in to the console, their sessions, and who did what."""

from alembic import op

revision = "0018"
down_revision = "0017"

_UP = """
CREATE TABLE console_user (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('viewer', 'support', 'operator', 'admin')),
    password text NOT NULL,
    subject text UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN console_user.password IS 'argon2id with its parameters and salt; empty where only a link opens it.';
COMMENT ON COLUMN console_user.subject IS 'Address of an OpenID provider and the id there.';

-- What a session may do is that of its user or token at the moment: a role that is taken away is gone at once.
CREATE TABLE console_session (
    digest bytea PRIMARY KEY,
    user_id uuid REFERENCES console_user (id) ON DELETE CASCADE,
    token_id uuid REFERENCES token (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CHECK (num_nonnulls(user_id, token_id) = 1)
);
CREATE INDEX console_session_expires ON console_session (expires_at);
CREATE INDEX console_session_user ON console_session (user_id);
CREATE INDEX console_session_token ON console_session (token_id);

CREATE TABLE console_ticket (
    digest bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES console_user (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX console_ticket_user ON console_ticket (user_id);

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    who text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL DEFAULT ''
);
COMMENT ON TABLE audit IS 'Who did what, when, on which id. No personal data of customers.';
CREATE INDEX audit_subject ON audit (subject, id);
"""

_DOWN = """
DROP TABLE audit, console_ticket, console_session, console_user;
"""


def upgrade() -> None:
    """Add them."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(_DOWN)
