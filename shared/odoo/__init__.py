"""What Odoo keeps in its database: neutralize a clone, give it its own addresses, verify it."""
