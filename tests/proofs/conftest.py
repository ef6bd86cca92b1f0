from tests.benchmarks.conftest import empty_database as empty_database  # the fixture
