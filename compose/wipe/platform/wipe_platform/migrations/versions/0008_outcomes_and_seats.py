"""Say outcomes in words a customer reads, and count seats per license by its plan.

Release 1.5.0. Existing rows change: every outcome, and ``seats`` of every license.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table verification_logs drop constraint verification_outcome;
        update verification_logs set outcome = case outcome when 'ok' then 'valid' else 'invalid' end;
        alter table verification_logs
            add constraint verification_outcome check (outcome in ('valid', 'invalid'));

        alter table licenses add column seats integer;
        update licenses
           set seats = case plan when 'starter' then 5 when 'business' then 50 when 'enterprise' then 500 end;
        alter table licenses alter column seats set not null, add check (seats > 0);
    """)


def downgrade() -> None:
    op.execute("""
        alter table licenses drop column seats;
        alter table verification_logs drop constraint verification_outcome;
        update verification_logs set outcome = case outcome when 'valid' then 'ok' else 'bad' end;
        alter table verification_logs add constraint verification_outcome check (outcome in ('ok', 'bad'));
    """)
